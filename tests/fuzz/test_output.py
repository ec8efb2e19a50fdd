"""Logs, by whomever they were written; what a shim answers."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import strategies as st

from chub.output import foreign, format, read, ttrpc
from tests.fuzz.conftest import Fuzz
from tests.fuzz.serving import serving
from tests.fuzz.strategies import as_json, damaged, nearly

RECORD = {"log": "a\n", "stream": "stdout", "time": "2026-11-24T12:00:00.123456789Z", "attrs": {"a": "b"}}
CRI = [b"2026-11-24T12:00:00.123456789+01:00 stdout F a\n2026-11-24T12:00:01Z stderr P b\n"] * 2
JSON_LINES = st.lists(as_json(nearly(RECORD)), max_size=4).map(b"\n".join)
INDEX = b"".join(format.RECORD.pack(time, end, stream) for time, end, stream in ((5, 2, 1), (6, 3, 2), (9, 4, 1)))
ANSWER = bytes([0x12, 12, 0x08, 9, 0x12, 8, 0x08, 0x80, 0x94, 0xEB, 0xDC, 0x03, 0x10, 7])
FRAME = ttrpc.HEADER.pack(len(ANSWER), 1, 2, 0) + ANSWER
ERROR = bytes([0x0A, 4, 0x12, 2]) + b"no"
FRAMES = [FRAME, ttrpc.HEADER.pack(len(ERROR), 1, 2, 0) + ERROR]


def test_json_and_cri_logs(fuzz: Fuzz) -> None:
    """All of a log, its last lines, and what came late: read, whatever stands in the files."""

    @fuzz(JSON_LINES | damaged(CRI), damaged(CRI) | JSON_LINES, st.booleans(), st.integers(0, 3))
    def _(data: bytes, older: bytes, packed: bool, count: int) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "log")
            path.write_bytes(data)
            path.with_name(f"log.1{'.gz' * packed}").write_bytes(gzip.compress(older) if packed else older)
            for parse in (partial(foreign.json_entry, details=True), foreign.cri_entry):
                for begin in ("all", "last", "late"):
                    with closing(foreign.Rotated(str(path), parse, details=True)) as reader:
                        if begin == "last":
                            reader.skip_to_last(count)
                        elif begin == "late":
                            reader.skip_to(1795521600 * 10**9)
                        list(read.lines(reader.chunks()))


def test_rotated_and_damaged(fuzz: Fuzz) -> None:
    """A compressed file that is damaged is an error of the file, as one that cannot be read."""
    line = b'{"log":"a\\n","stream":"stdout","time":"2026-11-24T12:00:00Z"}\n'

    @fuzz(damaged([gzip.compress(line * 9)]))
    def _(packed: bytes) -> None:
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, "log").write_bytes(line)
            Path(directory, "log.1.gz").write_bytes(packed)
            with suppress(OSError), closing(foreign.Rotated(f"{directory}/log", foreign.json_entry)) as reader:
                list(reader.chunks())


def test_kept_output(fuzz: Fuzz) -> None:
    """Chub's own files, damaged: output, or `UnknownFormat`."""

    @fuzz(damaged([format.HEADER + INDEX]), st.integers(0, 3), st.integers(0, 9))
    def _(index: bytes, count: int, time: int) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for name, data in ((format.INDEX, index), ("log.stdout", b"a\nb\n"), ("log.stderr", b"c\n\n")):
                Path(directory, name).write_bytes(data)
            for begin in (
                lambda reader: None,
                lambda reader: reader.skip_to_last(count),
                lambda reader: reader.skip_to(time),
            ):
                with suppress(format.UnknownFormat), closing(read.Reader(directory)) as reader:
                    begin(reader)
                    list(read.lines(reader.chunks()))


@pytest.fixture
def shim() -> Iterator[tuple[ttrpc.Shim, list[bytes]]]:
    """A shim, and what it answers next."""
    answers: list[bytes] = []
    with serving(lambda asked: answers[-1]) as path:
        yield ttrpc.Shim(path, 3), answers


def test_frames_of_a_shim(fuzz: Fuzz, shim: tuple[ttrpc.Shim, list[bytes]]) -> None:
    """How a task ended, or `NoAnswer`."""
    asked, answers = shim

    @fuzz(damaged(FRAMES))
    def _(frame: bytes) -> None:
        answers.append(frame)
        for call in (asked.wait, asked.state, asked.delete, asked.close_stdin):
            with suppress(ttrpc.NoAnswer):
                call("web", 5.0)


def test_bundles(fuzz: Fuzz) -> None:
    """Where a shim listens, by what containerd wrote beside it."""
    told = {"version": 3, "address": "unix:///run/s", "protocol": "ttrpc"}
    before = Path.cwd()

    @fuzz(as_json(nearly(told)))
    def _(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, "bootstrap.json").write_bytes(data)
            os.chdir(directory)
            reading, writing = os.pipe()
            child = os.fork()
            if not child:
                os.close(writing)
                os.read(reading, 1)
                os._exit(0)
            try:
                with suppress(ttrpc.NoAnswer):
                    ttrpc.shim_of(child)
            finally:
                os.chdir(before)
                os.close(writing)
                os.close(reading)
                os.waitpid(child, 0)
