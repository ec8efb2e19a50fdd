"""Output that is kept and read again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.output.format import FILES, INDEX, RECORD, Stream, UnknownFormat
from chub.output.read import Chunk, Line, Reader, following, lines
from chub.output.write import Log

OUT, ERR = Stream.STDOUT, Stream.STDERR


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log in the test's directory."""
    made = Log(str(tmp_path))
    yield made
    made.close()


def write(log: Log, stream: Stream, data: bytes) -> None:
    """Have a program write, and the keeper take it."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    while log.take(stream, reading):
        pass
    os.close(reading)


def read(directory: Path) -> list[tuple[Stream, bytes]]:
    """All that was kept, in order."""
    reader = Reader(str(directory))
    found = [(chunk.stream, chunk.data) for chunk in reader.chunks()]
    reader.close()
    return found


def test_bytes_come_back_in_order(log: Log, tmp_path: Path) -> None:
    """Both streams, as they came; each is raw in its file."""
    write(log, OUT, b"one\n")
    write(log, ERR, b"\0\xff")
    write(log, OUT, b"two")

    assert read(tmp_path) == [(OUT, b"one\n"), (ERR, b"\0\xff"), (OUT, b"two")]
    assert (tmp_path / FILES[OUT]).read_bytes() == b"one\ntwo"


def test_an_empty_fifo_and_one_at_its_end(log: Log) -> None:
    """Nothing yet is not the same as nothing any more."""
    reading, writing = os.pipe()
    with pytest.raises(BlockingIOError):
        log.take(OUT, reading)
    os.close(writing)

    assert log.take(OUT, reading) == 0
    os.close(reading)


def test_a_keeper_that_was_killed_between_bytes_and_record(log: Log, tmp_path: Path) -> None:
    """What has no record gets one; half a record is forgotten."""
    write(log, OUT, b"a")
    with (tmp_path / FILES[OUT]).open("ab") as file:
        file.write(b"b")
    with (tmp_path / INDEX).open("ab") as file:
        file.write(b"half")
    Log(str(tmp_path)).close()

    assert read(tmp_path) == [(OUT, b"a"), (OUT, b"b")]


def test_a_format_of_the_future(log: Log, tmp_path: Path) -> None:
    """It is not misread."""
    (tmp_path / INDEX).write_bytes(b"chub output, version 2\n\0")

    with pytest.raises(UnknownFormat, match="version 2"):
        Reader(str(tmp_path))


@pytest.mark.parametrize("record", [(1, 2**63, 1), (1, 1, 3), (1, 1, 256)])
def test_a_damaged_index(log: Log, tmp_path: Path, record: tuple[int, int, int]) -> None:
    """It is said, not followed to where no file ends."""
    write(log, OUT, b"a\n")
    with (tmp_path / INDEX).open("ab") as file:
        file.write(RECORD.pack(*record))

    with pytest.raises(UnknownFormat, match="damaged at record 1"):
        read(tmp_path)


def test_lines_are_put_together(log: Log, tmp_path: Path) -> None:
    """A line that came in pieces is one; the two streams do not mix; the last may lack its end."""
    for stream, data in ((OUT, b"a"), (ERR, b"x\ny"), (OUT, b"b\nc\nd"), (ERR, b"\n")):
        write(log, stream, data)
    found = [(line.stream, line.data) for line in lines(Reader(str(tmp_path)).chunks())]

    assert found == [(ERR, b"x\n"), (OUT, b"ab\n"), (OUT, b"c\n"), (ERR, b"y\n"), (OUT, b"d")]


@given(
    st.lists(st.tuples(st.sampled_from(Stream), st.text("ab\n", max_size=6).map(str.encode)), max_size=30),
    st.integers(0, 12),
)
def test_the_last_lines_are_the_last(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[Stream, bytes]], count: int
) -> None:
    """Reading from near the end finds the same lines as reading all."""
    directory = str(tmp_path_factory.mktemp("log"))
    log = Log(directory)
    for stream, data in parts:
        write(log, stream, data)
    log.close()
    whole, tail = Reader(directory), Reader(directory)
    tail.skip_to_last(count)

    every, found = list(lines(whole.chunks())), list(lines(tail.chunks()))

    assert found == every[len(every) - len(found) :]
    assert len(found) >= min(count, len(every))


def test_from_a_time_on(log: Log, tmp_path: Path) -> None:
    """Lines that ended earlier are not read; one that goes on is whole."""
    write(log, OUT, b"a\nb")
    write(log, OUT, b"c\n")
    later = [chunk.time for chunk in Reader(str(tmp_path)).chunks()][1]
    reader = Reader(str(tmp_path))
    reader.skip_to(later)

    assert list(lines(reader.chunks())) == [Line(later, OUT, b"bc\n")]


def test_following(log: Log, tmp_path: Path) -> None:
    """What comes while somebody waits is given, and what came before the end was said."""
    pieces = [b"2\n", b"3\n"]

    def wait() -> bool:
        write(log, OUT, pieces.pop(0))
        return bool(pieces)

    write(log, OUT, b"1\n")
    found: list[Chunk] = list(following(Reader(str(tmp_path)), wait))

    assert [chunk.data for chunk in found] == [b"1\n", b"2\n", b"3\n"]
