"""Moments and lengths of time as docker's flags take them, in nanoseconds."""

import re
from datetime import datetime
from decimal import Decimal

from chub.errors import Invalid

SECOND = 10**9  # nanoseconds
_UNITS = {"h": 3600 * SECOND, "m": 60 * SECOND, "s": SECOND, "ms": 10**6, "us": 1000, "µs": 1000, "ns": 1}
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)"
_SECONDS = r"-?[0-9]{1,11}(\.[0-9]+)?"
_DATE = r"([0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}(?::[0-9]{2}){0,2})?)(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"


def parse_moment(text: str, now: int) -> int:
    """The moment that `text` means, in nanoseconds since 1970, as is `now`.

    It is a time before now (``1h30m``), a date with or without a time and a zone (this machine's where it has none), or
    seconds since 1970. Invalid for anything else.
    """
    if re.fullmatch(rf"[+-]?({_PART})+|0", text):
        span = int(sum(Decimal(count) * _UNITS[unit] for count, unit in re.findall(_PART, text)))
        return now + span if text.startswith("-") else now - span
    if re.fullmatch(_SECONDS, text):
        return int(Decimal(text) * SECOND)
    if date := re.fullmatch(_DATE, text):
        try:
            seconds = int(datetime.fromisoformat(date[1] + (date[3] or "")).timestamp())
        except (ValueError, OverflowError):  # a thirteenth month; a zone without a time
            pass
        else:
            return seconds * SECOND + int(Decimal(date[2] or 0) * SECOND)
    raise Invalid(
        f'failed to parse value as time or duration: "{text}"', hint="as 10m, 2h30m, 2026-01-31T12:00:00 or 1769860800"
    )


def parse_span(text: str) -> int:
    """A length of time (``90m``, ``1h30m``) in nanoseconds; Invalid for anything else, and for none at all."""
    parts = re.findall(_PART, text) if re.fullmatch(rf"({_PART})+", text) else ()
    span = int(sum(Decimal(count) * _UNITS[unit] for count, unit in parts))
    if not span:
        raise Invalid(f'"{text}" is no length of time', hint="as 90m, 24h or 1h30m")
    return span
