"""Moments as docker's flags take them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chub.errors import Invalid
from chub.options.times import SECOND, parse_moment

NOW = 1_772_625_600 * SECOND


def seconds(*moment: int) -> int:
    """A moment of this machine's zone, in seconds since 1970."""
    return int(datetime(*moment).astimezone(UTC).timestamp())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", NOW - 600 * SECOND),
        ("1h30m", NOW - 5400 * SECOND),
        ("1.5h", NOW - 5400 * SECOND),
        ("-5s", NOW + 5 * SECOND),
        ("300ms", NOW - 3 * SECOND // 10),
        ("7ns", NOW - 7),
        ("0", NOW),
        ("86400", 86400 * SECOND),
        ("86400.123456789", 86400 * SECOND + 123456789),
        ("20260101", 20260101 * SECOND),
        ("2026-01-02T03:04:05Z", 1767323045 * SECOND),
        ("2026-01-02T03:04:05.25+01:00", 1767319445 * SECOND + SECOND // 4),
        ("2026-01-02T03:04:05.123456789Z", 1767323045 * SECOND + 123456789),
        ("2026-01-02", seconds(2026, 1, 2) * SECOND),
        ("2026-01-02T03:04", seconds(2026, 1, 2, 3, 4) * SECOND),
        ("2026-01-02T03", seconds(2026, 1, 2, 3) * SECOND),
    ],
)
def test_moments(text: str, expected: int) -> None:
    """Durations go back from now, numbers are seconds since 1970, dates are in the local zone unless they say."""
    assert parse_moment(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "bogus", "1d", "m", "-", "2026-13-01", "2026-1-1", "1h 30m", "9" * 30, "9" * 50_000],
    ids=lambda text: text[:20],
)
def test_no_moments(text: str) -> None:
    """Docker's words for what is none."""
    with pytest.raises(Invalid, match="failed to parse value as time or duration"):
        parse_moment(text, NOW)
