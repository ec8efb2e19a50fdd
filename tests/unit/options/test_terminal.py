"""Which streams are attached, and the keys that leave a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.core.stdio import Keys
from chub.errors import Invalid
from chub.options.terminal import Terminal, parse_attach, parse_keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", b"\x10\x11"),
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("ctrl-a,x", b"\x01x"),
        ("CTRL-A", b"\x01"),
        ("ctrl-@,ctrl-[,ctrl-_", b"\x00\x1b\x1f"),
        ("a,B", b"aB"),
    ],
)
def test_keys(text: str, expected: bytes) -> None:
    """As docker spells them."""
    assert parse_keys(text) == expected


@pytest.mark.parametrize("text", ["zz", "ctrl-", "ctrl-pp", "ctrl-1", "a,,b", "\u00e9"])
def test_keys_that_are_none(text: str) -> None:
    """They are refused by name."""
    with pytest.raises(Invalid, match="Invalid escape keys"):
        parse_keys(text)


@pytest.mark.parametrize("text", ["stdin", "STDOUT", "StdErr"])
def test_streams(text: str) -> None:
    """In any case."""
    assert parse_attach(text) == text.lower()


def test_no_stream() -> None:
    """Docker's words."""
    with pytest.raises(Invalid, match="valid streams are STDIN, STDOUT and STDERR"):
        parse_attach("std")


def test_whose_input_it_is() -> None:
    """The first client's, if it is attached."""
    assert Terminal(interactive=True).stdin_once
    assert not Terminal().stdin_once
    assert not Terminal(interactive=True, attached=()).stdin_once


@given(st.lists(st.binary(max_size=4)), st.lists(st.binary(max_size=4)), st.sampled_from([b"ab", b"aab", b"x"]))
def test_keys_are_found_wherever_chunks_end(before: list[bytes], after: list[bytes], wanted: bytes) -> None:
    """All that comes before them is passed on, nothing of them is, nor what follows."""
    typed = [*before, *(wanted[place : place + 1] for place in range(len(wanted))), *after]
    keys, passed = Keys(wanted), b""
    for chunk in typed:
        if not keys.complete:
            passed += keys.passed(chunk)
    whole = b"".join(typed)

    assert keys.complete
    assert passed == whole[: whole.index(wanted)]


@given(st.lists(st.binary(max_size=4)))
def test_what_only_begins_as_the_keys_is_passed_on(typed: list[bytes]) -> None:
    """At the latest when the input ends."""
    keys = Keys(b"\x00\x00\x01")
    passed = b"".join(keys.passed(chunk) for chunk in typed if not keys.complete)
    if not keys.complete:
        assert passed + keys.held == b"".join(typed)
