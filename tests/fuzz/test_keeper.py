"""What a keeper may be told: it answers, or the client is gone; the keeper lives."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from chub.core.keeping import PROGRAM
from chub.output import protocol
from tests.fuzz.conftest import Fuzz
from tests.fuzz.strategies import HUGE, as_json
from tests.support import keepers

ANSWER = 20.0  # seconds
KINDS = [getattr(protocol, name) for name in "KEEP MADE ATTEND RELEASE ENDED EXECUTE DROP FOLLOW READ".split()]
WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, [], {}, [[1]], "", "\0", "\udcff", "x" * 300, *HUGE]
)
"""No path, as the keeper writes to those it is told, and removes what is there; no pid of somebody else's."""


class Serving:
    """A keeper in a directory of its own; another one when that has ended."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._keeper: subprocess.Popen[bytes] | None = None
        (directory / "fifos").mkdir(parents=True)
        (directory / "data").mkdir()
        for name in ("stdout", "stderr"):
            os.mkfifo(directory / "fifos" / name)

    @property
    def errors(self) -> str:
        """What it complains of."""
        return (self.directory / "errors").read_text()

    def connect(self) -> socket.socket:
        """A client of it."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.settimeout(ANSWER)
        client.connect(protocol.socket_path(str(self.directory)))
        return client

    def start(self) -> None:
        """Have one that serves."""
        if self._keeper is not None and self._keeper.poll() is None:
            return
        self.stop()
        for each in (*self.directory.glob("*.json"), self.directory / "socket"):
            each.unlink(missing_ok=True)
        lock = os.open(self.directory / "alive", os.O_RDWR | os.O_CREAT, 0o600)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(protocol.socket_path(str(self.directory)))
            listening.listen(128)

            def descriptors() -> None:
                os.dup2(listening.fileno(), protocol.LISTENING)
                os.dup2(lock, protocol.LOCK)

            with (self.directory / "errors").open("wb") as errors:
                self._keeper = subprocess.Popen(
                    [sys.executable, "-IS", PROGRAM, self.directory],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    preexec_fn=descriptors,
                    pass_fds=(protocol.LISTENING, protocol.LOCK),
                )
        os.close(lock)

    def stop(self) -> None:
        """End it, and its guard."""
        if self._keeper is not None:
            roots = (Path(), self.directory)
            keepers.kill(roots, keepers.keepers(roots))
            self._keeper.wait()


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A keeper, which ends with the test."""
    with tempfile.TemporaryDirectory(prefix="chub-f-") as scratch:
        made = Serving(Path(scratch, "keeper"))
        yield made
        made.stop()


def messages(place: Path) -> st.SearchStrategy[bytes]:
    """Packets that are nearly messages."""
    facts = {"id": "c", "container": "c", "fifos": str(place / "fifos"), "data": str(place / "data"), "tty": False}
    facts |= {"finish": ["/bin/true"], "reads": False, "stdin_once": True, "stdin": True, "kept": True, "pid": 0}
    fields = st.sampled_from([each for each in facts if each != "finish"] + ["limit", "ticks", "shim"])
    told = st.dictionaries(fields, WRONG, max_size=2).map(lambda wrong: facts | wrong)
    message = st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS), "id": st.just("c") | st.just("c") | WRONG},
        optional={"facts": told | told | told | WRONG, "pid": WRONG, "ticks": WRONG, "record": WRONG},
    )
    return as_json(message) | st.binary(min_size=1, max_size=40)


def test_messages(fuzz: Fuzz, serving: Serving) -> None:
    """After any packets of a client the keeper answers the next one."""

    @fuzz(st.lists(messages(serving.directory), min_size=1, max_size=5))
    def _(packets: list[bytes]) -> None:
        serving.start()
        with serving.connect() as client, suppress(BrokenPipeError, ConnectionResetError):
            for packet in packets:
                client.send(packet)
        answer: Any = None
        with suppress(OSError), serving.connect() as client:
            protocol.send(client, {"kind": protocol.RELEASE, "id": "nosuch"})
            answer = protocol.receive(client)
        assert answer == {"error": "container nosuch is not held here"}, serving.errors
        assert not serving.errors
