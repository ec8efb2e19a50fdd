"""Log drivers and their options."""

from __future__ import annotations

import pytest

from chub.errors import ChubError, Invalid, Unsupported
from chub.options.logging import logging, parse_log_driver


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), (None, 1)),
        (("max-size=10k",), (10240, 1)),
        (("max-size=1m", "max-file=3"), (1 << 20, 3)),
        (("max-size=-1", "max-file=2"), (None, 2)),
        (("max-size=1k", "max-size=2k"), (2048, 1)),
    ],
)
def test_limits(options: tuple[str, ...], expected: tuple[int | None, int]) -> None:
    """In docker's units; the last one counts."""
    asked = logging("json-file", options)
    assert (asked.max_size, asked.max_file) == expected


@pytest.mark.parametrize(
    ("driver", "option", "why"),
    [
        ("json-file", "bogus=1", "unknown log opt 'bogus' for json-file log driver"),
        ("json-file", "max-size=bogus", "invalid size: 'bogus'"),
        ("json-file", "max-size", "invalid size: ''"),
        ("json-file", "max-size=0", "max-size must be a positive number"),
        ("json-file", "max-file=0", "max-file cannot be less than 1"),
        ("json-file", "max-file=x", "invalid syntax"),
        ("json-file", "compress=true", "log opt 'compress' is not supported yet"),
        ("none", "max-size=1k", "invalid logging opts for driver none"),
    ],
)
def test_options_that_are_none(driver: str, option: str, why: str) -> None:
    """Docker's words."""
    with pytest.raises(ChubError, match=why):
        logging(driver, (option,))


def test_drivers() -> None:
    """Two there are, docker's others are not here yet, and no more exist."""
    assert [parse_log_driver(name) for name in ("", "json-file", "none")] == ["json-file", "json-file", "none"]
    with pytest.raises(Unsupported, match="journald"):
        parse_log_driver("journald")
    with pytest.raises(Invalid, match="error looking up logging plugin nosuch"):
        parse_log_driver("nosuch")
