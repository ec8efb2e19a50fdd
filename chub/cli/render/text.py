"""Sizes, ages and names as docker writes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

PLAIN_ESCAPES = {char: f"\\{letter}" for char, letter in zip('\a\b\f\n\r\t\v\\"', 'abfnrtv\\"', strict=True)}
UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def plain(text: str) -> str:
    """`text` on one line without control characters, so that no name or label drives the reader's terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "�" for each in text)


def short(id: str) -> str:
    """An id's first twelve digits, without the algorithm."""
    return id.removeprefix("sha256:")[:12]


def cut(text: str, length: int) -> str:
    """`text`, at most `length` characters long, the last of them "…" where something is missing."""
    return text if len(text) <= length else text[: length - 1] + "…"


def some(names: Sequence[str], most: int = 10) -> str:
    """Names one after the other; of more than `most` the rest is counted."""
    more = len(names) - most
    return ", ".join(map(plain, names[:most])) + (f" and {more} more" if more > 0 else "")


def size(count: float, digits: int = 3) -> str:
    """Bytes in decimal units with `digits` significant digits: ``1.99MB``."""
    unit = 0
    while count >= 1000 and unit < len(UNITS) - 1:
        count /= 1000
        unit += 1
    return f"{count:.{digits}g}{UNITS[unit]}"


def binary(count: float) -> str:
    """Bytes in binary units with four significant digits: ``23.54GiB``."""
    unit = 0
    while count >= 1024 and unit < len(BINARY_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.4g}{BINARY_UNITS[unit]}"


def duration(span: timedelta) -> str:
    """How long, in words, as docker's go-units rounds it: hours to 47, days to 13, weeks to 8, months to 23."""
    seconds = int(span.total_seconds())
    if seconds < 1:
        return "Less than a second"
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = seconds // 60
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    hours = int(span.total_seconds() / 3600 + 0.5)
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    if hours < 24 * 7 * 2:
        return f"{hours // 24} days"
    if hours < 24 * 30 * 2:
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{seconds // (24 * 365 * 3600)} years"


def age(then: datetime | None, now: datetime) -> str:
    """``3 seconds ago``; "N/A" where nobody knows."""
    return f"{duration(now - then)} ago" if then is not None else "N/A"


def day(then: datetime | None) -> str:
    """A time as docker's CreatedAt: ``2026-11-24 06:59:46 +0000 UTC``, in the local zone."""
    if then is None:
        return ""
    local = then.astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S %z} {local.tzname()}"


def quoted(text: str, *, ascii_only: bool = False) -> str:
    """A string in Go's quotes."""
    return '"' + "".join(_quoted(char, ascii_only) for char in text) + '"'


def _quoted(char: str, ascii_only: bool) -> str:
    if char in PLAIN_ESCAPES:
        return PLAIN_ESCAPES[char]
    if char.isprintable() and (char.isascii() or not ascii_only):
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
