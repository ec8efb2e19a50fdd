"""Sizes, numbers, truth values and paths as docker's flags take them."""

from __future__ import annotations

import posixpath
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid
from chub.options.resources import parse_size
from chub.options.values import LARGEST, clean, parse_bool, parse_int, parse_integer, parse_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("12", 12),
        ("12b", 12),
        ("1k", 1024),
        ("1KIB", 1024),
        ("1kb", 1024),
        ("1 k", 1024),
        ("1.5g", 1536 * 1024**2),
        (".5m", 512 * 1024),
        ("+1m", 1024**2),
        ("1_0", 10),
        ("3P", 3 * 1024**5),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    """Units are powers of 1024, in any case, with or without b or ib."""
    assert parse_size(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid size: ''"),
        ("m", "invalid size: 'm'"),
        ("-1", "invalid size: '-1'"),
        ("1.2.3", "invalid size: '1.2.3'"),
        (" 1", "invalid size: ' 1'"),
        ("inf", "invalid size: 'inf'"),
        ("99999999999999999999", "invalid size: '99999999999999999999'"),
        ("9p9", "invalid size: '9p9'"),
        ("1x", "invalid suffix: 'x'"),
        ("1bb", "invalid suffix: 'bb'"),
        ("1kx", "invalid suffix: 'kx'"),
        ("1kibi", "invalid suffix: 'kibi'"),
    ],
)
def test_no_sizes(text: str, message: str) -> None:
    """What is no size is named in docker's words."""
    with pytest.raises(Invalid, match=re.escape(message)):
        parse_size(text)


@given(st.text(max_size=8) | st.from_regex(r"[0-9. ]{0,5}[bkmgtpi]{0,3}", fullmatch=True))
def test_any_text_as_size(text: str) -> None:
    """Any text is a size that a file can have, or Invalid."""
    try:
        size = parse_size(text)
    except Invalid:
        return
    assert 0 <= size <= LARGEST


@given(st.integers(-LARGEST, LARGEST))
def test_numbers(number: int) -> None:
    """Whole numbers of 64 bits with a sign."""
    assert parse_int(str(number)) == number


@pytest.mark.parametrize("text", ["", "a", "1.5", "-", "٣", "1_0", " 1", "9" * 30, str(2**63)])
def test_no_numbers(text: str) -> None:
    """Neither digits of other scripts nor what Python's int would take besides."""
    with pytest.raises(Invalid, match="parsing "):
        parse_int(text)


def test_truth_values() -> None:
    """Docker's twelve words, and no other."""
    assert all(map(parse_bool, ("1", "t", "T", "true", "True", "TRUE")))
    assert not any(map(parse_bool, ("0", "f", "F", "false", "False", "FALSE")))
    for text in ("", "yes", "maybe", "tRUE"):
        with pytest.raises(Invalid, match="invalid syntax"):
            parse_bool(text)


@given(st.lists(st.sampled_from(["", ".", "..", "a", "b c"])).map("/".join))
def test_clean_paths(path: str) -> None:
    """A path is cleaned as the standard library does it, but never keeps two slashes."""
    assert clean(f"/{path}") == posixpath.normpath(f"/./{path}")
    assert clean(clean(path)) == clean(path)


def test_paths() -> None:
    """Absolute, and not the root."""
    assert parse_path("/a/../b/") == "/b"
    with pytest.raises(Invalid, match="invalid mount path: 'x' mount path must be absolute"):
        parse_path("x")
    with pytest.raises(Invalid, match="destination can't be '/'"):
        parse_path("/x/..")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("-1", -1),
        ("+7", 7),
        ("0", 0),
        ("00", 0),
        ("010", 8),
        ("-010", -8),
        ("0x10", 16),
        ("0b11", 3),
        ("1_0", 10),
    ],
)
def test_integers_in_any_base(text: str, expected: int) -> None:
    """A flag that takes a number takes it as Go writes it: a leading 0 is octal."""
    assert parse_integer(text) == expected


@pytest.mark.parametrize("text", ["", "x", "1.5", " 5", "5 ", "08", "0x", "--5", "٣", "1__0"])
def test_what_is_no_integer(text: str) -> None:
    """It is refused in docker's words, as is one of more than 64 bits."""
    with pytest.raises(Invalid, match=re.escape(f'parsing "{text}": invalid syntax')):
        parse_integer(text)
    with pytest.raises(Invalid, match="value out of range"):
        parse_integer("9" * 20)
