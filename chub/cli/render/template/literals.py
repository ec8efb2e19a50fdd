"""Go's literals: strings, characters and numbers. What is none is a ValueError with Go's words."""

from __future__ import annotations

import math
import re

from chub.cli.render.text import quoted

PIECE = r"(?s)\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\]+)"
"""A byte in hexadecimal, one in octal, a code point, a long one, a letter for a character, plain text."""
ESCAPES = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))


def string(literal: str) -> str:
    """The value of a string with its quotes. Bytes that are no UTF-8 become U+FFFD."""
    quote, inner = literal[0], literal[1:-1]
    if quote == "`":
        return inner.replace("\r", "")
    return b"".join(_piece(match, quote) for match in re.finditer(PIECE, inner)).decode(errors="replace")


def _piece(match: re.Match[str], quote: str) -> bytes:
    hexadecimal, octal, short, long, escaped, plain = match.groups()
    if plain:
        return str(plain).encode(errors="replace")
    if escaped:
        if escaped != quote and escaped not in ESCAPES:
            raise ValueError("invalid syntax")
        return ESCAPES.get(escaped, escaped).encode()
    if hexadecimal or octal:
        byte = int(hexadecimal or octal, 16 if hexadecimal else 8)
        if byte > 255:
            raise ValueError("invalid syntax")
        return bytes([byte])
    code = int(short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError("invalid syntax")
    return chr(code).encode()


def character(literal: str) -> int:
    """The code point that a character with its quotes stands for."""
    value = string(literal)
    if not value:
        raise ValueError("invalid syntax")
    if len(value) > 1:
        raise ValueError(f"malformed character constant: {literal}")
    return ord(value)


def number(literal: str) -> tuple[int | float, int | None]:
    """A number by its own looks, and as an integer if it is one."""
    integer = _integer(literal)
    if integer is not None:
        return integer, integer if integer < 2**63 else None
    if re.fullmatch(r"[+-]?[0-9_]*[0-9]", literal):
        raise ValueError(f"integer overflow: {quoted(literal)}")
    try:
        real = float.fromhex(literal) if re.match(r"[+-]?0[xX].*[pP]", literal) else float(literal)
    except (ValueError, OverflowError):
        real = math.inf
    if math.isinf(real):
        raise ValueError(f"illegal number syntax: {quoted(literal)}")
    return real, int(real) if real.is_integer() and abs(real) < 2**63 else None


def _integer(literal: str) -> int | None:
    """An integer as Go writes it: with a base, or with a leading 0 for octal; at most 64 bits."""
    try:
        value = int(re.sub(r"^([+-]?)0_?(?=[0-9])", r"\g<1>0o", literal), 0)
    except ValueError:
        return None
    return value if -(2**63) <= value < 2**64 else None
