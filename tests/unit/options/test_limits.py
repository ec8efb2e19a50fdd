"""What the flags of limits take."""

from __future__ import annotations

import pytest

from chub.errors import Invalid
from chub.options.limits import parse_cpus, parse_memory_swap, parse_set, parse_weight


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("1.5", 1_500_000_000),
        (".5", 500_000_000),
        ("3/4", 750_000_000),
        ("1e-3", 1_000_000),
        ("0", 0),
        ("-1", -(10**9)),
    ],
)
def test_cpus(text: str, nano: int) -> None:
    """Fractions of any form, exactly."""
    assert parse_cpus(text) == nano


@pytest.mark.parametrize("text", ["", "x", "1/0", " 1", "1_0", "nan", "inf", "1.5m", "1e999999999", "1e-9999"])
def test_what_is_no_number_of_cpus(text: str) -> None:
    """It is refused in docker's words."""
    with pytest.raises(Invalid, match=r"failed to parse .* as a rational number"):
        parse_cpus(text)


def test_cpus_too_precise() -> None:
    """Billionths are the least."""
    with pytest.raises(Invalid, match="value is too precise"):
        parse_cpus("0.0000000001")


def test_memory_and_swap() -> None:
    """-1 is a value of its own; no other negative one is."""
    assert parse_memory_swap("-1") == -1
    assert parse_memory_swap("1g") == 2**30
    with pytest.raises(Invalid, match="invalid size: '-2'"):
        parse_memory_swap("-2")


def test_weights() -> None:
    """16 bits without a sign."""
    assert parse_weight("0x10") == 16
    for text, why in (("-1", "invalid syntax"), ("+1", "invalid syntax"), ("x", "invalid syntax"), ("65536", "range")):
        with pytest.raises(Invalid, match=why):
            parse_weight(text)


@pytest.mark.parametrize(
    ("text", "numbers"), [("", set()), ("0", {0}), ("0-2,7", {0, 1, 2, 7}), ("1,1", {1}), ("8192", {8192})]
)
def test_lists(text: str, numbers: set[int]) -> None:
    """Numbers and ranges."""
    assert parse_set(text) == numbers


@pytest.mark.parametrize("text", ["x", "1-0", "0,", "-1", "1-", "1-2-3", " 1", "0-x"])
def test_what_is_no_list(text: str) -> None:
    """It is named."""
    with pytest.raises(Invalid, match=f"invalid format: {text}"):
        parse_set(text)


@pytest.mark.parametrize("text", ["8193", "0-100000000000"])
def test_numbers_too_high(text: str) -> None:
    """They are refused before they fill the memory."""
    with pytest.raises(Invalid, match="maximum is 8192"):
        parse_set(text)
