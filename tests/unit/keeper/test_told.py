"""What a client may tell a keeper, and what would end it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from chub.keeper import told
from chub.output import protocol

FACTS: dict[str, Any] = {
    "id": "c",
    "fifos": "/f",
    "data": "/d",
    "tty": False,
    "finish": ["true"],
    "reads": False,
    "stdin_once": False,
    "kept": True,
}


def test_facts_are_those_that_belong_there() -> None:
    """What only the keeper learns cannot be told."""
    assert told.facts(FACTS | {"shim": 7, "limit": [1, 2]}, told.KEPT) == FACTS | {"limit": [1, 2]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 1},
        {"id": "a\0b"},
        {"id": "\ud800"},
        {"fifos": None},
        {"tty": 0},
        {"finish": []},
        {"finish": ["true", 1]},
        {"finish": "true"},
        {"limit": [1]},
        {"limit": [1, -1]},
        {"limit": [1, True]},
    ],
    ids=str,
)
def test_facts_of_another_kind(wrong: dict[str, Any]) -> None:
    """They are refused before anything is done."""
    with pytest.raises((TypeError, ValueError)):
        told.facts(FACTS | wrong, told.KEPT)


def test_numbers() -> None:
    """A pid that the kernel takes; never true, a fraction, or beyond 63 bits."""
    assert told.pid(0) == 0
    for wrong in (2**31, 2**63, -1, True, 1.0, "1"):
        with pytest.raises((TypeError, ValueError)):
            told.pid(wrong)


def test_a_packet_that_is_no_message() -> None:
    """ValueError, however deep it is."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for packet in (b"[" * 9999, b"[]", b"x", b"\xff"):
            theirs.send(packet)
            with pytest.raises(ValueError, match=r"no message|Expecting|decode"):
                protocol.receive(ours)
