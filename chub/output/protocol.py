"""What clients and the keeper say to each other, over a unix socket in the keeper's directory.

Messages are JSON objects, one a packet (SOCK_SEQPACKET). A client asks first; the keeper answers each with
``{"ok": true}`` or ``{"error": "…"}``. A client that has told of a container attends it, until it leaves it to the
keeper or goes. After ``follow`` it sends an empty object whenever more output may be there,
``{"end": true}`` when there will be none, and when all is tidied up ``{"exit": [code, time]}``, if it knows how the
program ended; then it closes the connection. A directory and a socket belong to one `VERSION`: keepers of two versions
live beside each other, each with the containers it was given.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
LISTENING, LOCK = 3, 4  # descriptors that a keeper is started with: its socket, and the lock that says it is alive
UNLESS_IT_RUNS = "unless-it-runs"  # last word of a finisher's command line where that is not known
RUNS = 75  # a finisher's exit status: there is nothing to finish yet
LIMIT = 1 << 16  # bytes of a message

KEEP = "keep"  # hold the output of a task that is about to be made: its FIFOs are there
MADE = "made"  # its task is made, and about to be started: pid
ATTEND = "attend"  # this client looks after its end too: it is about to remove it
RELEASE = "release"  # its program runs; the client that attended it leaves it to the keeper
ENDED = "ended"  # the client that attends it has deleted its task: take what output is left
EXECUTE = "execute"  # look after a program that is about to be executed, once this client has gone; without an answer
DROP = "drop"  # nothing of it is left, or it was not made
FOLLOW = "follow"  # say when there is more output; with the record that is read next, none by who reads nothing
READ = "read"  # so far the one who follows has read; this has no answer


def directory(state: str) -> str:
    """Where the keeper of a namespace has its files, below chub's state directory for that namespace."""
    return os.path.join(state, "keeper", str(VERSION))


def note_path(place: str, id: str) -> str:
    """What a keeper notes of a container, for the next keeper: JSON, see `chub.keeper.kept.Kept`."""
    return os.path.join(place, f"{id}.json")


def late_path(place: str, id: str) -> str:
    """Made when a container could not be finished twice: its keeper goes on trying, and any client may do it."""
    return os.path.join(place, f"{id}.late")


def notes(state: str, id: str) -> Iterator[dict[str, Any]]:
    """What the keepers of all versions have noted of a container, the newest version's first."""
    for place in places(state):
        with suppress(OSError, ValueError), open(note_path(place, id)) as file:
            note = json.load(file)
            if isinstance(note, dict):
                yield note


def places(state: str) -> list[str]:
    """The directories of the keepers of all versions, the newest version's first."""
    parent = os.path.dirname(directory(state))
    with suppress(OSError):
        versions = sorted((name for name in os.listdir(parent) if name.isdigit()), key=int, reverse=True)
        return [os.path.join(parent, version) for version in versions]
    return []


def socket_path(place: str) -> str:
    """The keeper's socket."""
    return os.path.join(place, "socket")


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message."""
    connection.sendall(json.dumps(message).encode())


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """The next message; None at the end. ValueError for what is none."""
    data = connection.recv(LIMIT)
    if not data:
        return None
    try:
        message = json.loads(data)
    except RecursionError as failure:
        raise ValueError(f"no message: {data[:80]!r}") from failure
    if not isinstance(message, dict):
        raise ValueError(f"no message: {data[:80]!r}")
    return message
