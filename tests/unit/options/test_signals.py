"""Signals as docker's flags take them."""

from __future__ import annotations

import pytest

from chub.errors import Invalid
from chub.options.signals import parse_signal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("TERM", 15),
        ("sigterm", 15),
        ("SIGKILL", 9),
        ("9", 9),
        ("CLD", 17),
        ("POLL", 29),
        ("RTMIN", 34),
        ("rtmin+3", 37),
        ("SIGRTMAX-1", 63),
        ("64", 64),
    ],
)
def test_signals(text: str, number: int) -> None:
    """By name in any case, with or without SIG, or by number."""
    assert parse_signal(text) == number


@pytest.mark.parametrize("text", ["", "0", "BOGUS", "SIG", "SIGSIGTERM", "RTMIN+31", "RTMAX-31", "1.5", " 9", "SIG9"])
def test_no_signals(text: str) -> None:
    """Docker's words for what is none."""
    with pytest.raises(Invalid, match="invalid signal: "):
        parse_signal(text)


@pytest.mark.parametrize("text", ["65", "-1", "99"])
def test_numbers_that_linux_does_not_have(text: str) -> None:
    """They are another error."""
    with pytest.raises(Invalid, match=f"does not support signal {text}"):
        parse_signal(text)
