"""The call to a shim, against what a shim's bytes look like."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.output.ttrpc import HEADER, NoAnswer, Shim, Status, Unknown, shim_of


@contextmanager
def answering(path: Path, *frames: bytes) -> Iterator[list[bytes]]:
    """A shim that gives each caller the next of these answers; what it was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            for frame in frames:
                with listening.accept()[0] as caller:
                    length, *_ = HEADER.unpack(caller.recv(HEADER.size))
                    asked.append(caller.recv(length))
                    caller.sendall(frame)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def framed(payload: bytes, kind: int = 2, stream: int = 1) -> bytes:
    """A frame of ttrpc."""
    return HEADER.pack(len(payload), stream, kind, 0) + payload


def test_a_shim_says_how_a_task_ended(tmp_path: Path) -> None:
    """Exit code and time; the service's name has the version."""
    payload = bytes([0x08, 9, 0x12, 6]) + bytes([0x08, 0x80, 0x94, 0xEB, 0xDC, 0x03])  # 9, and the second 10**9
    with answering(tmp_path / "s", framed(bytes([0x12, len(payload)]) + payload)) as asked:
        ended = Shim(str(tmp_path / "s"), 3).wait("web", 5)

    assert ended == (9, 1_000_000_000 * 10**9)
    assert b"containerd.task.v3.Task" in asked[0]
    assert b"Wait" in asked[0]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0" * 10,
        framed(b"", kind=1),
        framed(b"", stream=3),
        framed(b"\x12"),
        framed(b"\x0a\x04\x12\x02no"),
        b"x" * 9,
    ],
    ids=["nothing", "zeros", "request", "stream", "torn", "status", "short"],
)
def test_a_shim_that_answers_oddly(tmp_path: Path, frame: bytes) -> None:
    """NoAnswer, whatever it says."""
    with answering(tmp_path / "s", frame), pytest.raises(NoAnswer):
        Shim(str(tmp_path / "s"), 2).wait("web", 5)


def test_what_an_executed_program_does(tmp_path: Path) -> None:
    """Status and pid; the question names the container and the program."""
    payload = b"\x0a\x03web\x18\x2a\x20\x02\x5a\x01e"  # id, pid 42, running, exec id
    with answering(tmp_path / "s", framed(bytes([0x12, len(payload)]) + payload)) as asked:
        assert Shim(str(tmp_path / "s"), 3).state("web", 5, "e") == (Status.RUNNING, 42)

    assert b"\x0a\x03web\x12\x01e" in asked[0]


def test_a_program_that_a_shim_does_not_have(tmp_path: Path) -> None:
    """Unknown, for gRPC's NOT_FOUND alone."""
    frames = (framed(b"\x0a\x06\x08\x05\x12\x02no"), framed(b"\x0a\x06\x08\x09\x12\x02no"))
    with answering(tmp_path / "s", *frames):
        with pytest.raises(Unknown):
            Shim(str(tmp_path / "s"), 3).delete("web", 5, "e")
        with pytest.raises(NoAnswer) as caught:
            Shim(str(tmp_path / "s"), 3).delete("web", 5, "e")
    assert not isinstance(caught.value, Unknown)


def test_no_shim() -> None:
    """A socket that is not there, a process that has no shim as its parent."""
    with pytest.raises(Unknown):
        Shim("/nonexistent", 2).wait("web", 1)
    with pytest.raises(NoAnswer):
        shim_of(1)


@pytest.mark.parametrize("told", ["null", "[]", '{"address": 1}', '{"address": "/s", "version": []}', "[" * 9999])
def test_a_bundle_that_says_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    """NoAnswer; this process stands for the shim, a child of it for the container's first process."""
    (tmp_path / "bootstrap.json").write_text(told)
    monkeypatch.chdir(tmp_path)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child, pytest.raises(NoAnswer):
        shim_of(child.pid)


@given(st.binary(max_size=40))
def test_any_bytes_are_an_exit_or_none(tmp_path_factory: pytest.TempPathFactory, payload: bytes) -> None:
    """Nothing a shim sends makes the keeper fail."""
    path = tmp_path_factory.mktemp("s") / "s"
    with answering(path, framed(b"\x12" + bytes([len(payload)]) + payload)), suppress(NoAnswer):
        assert Shim(str(path), 2).wait("x", 5)[0] >= 0
