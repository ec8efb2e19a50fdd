"""Output of which only the newest is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from chub.output.format import FILES, INDEX, Stream
from chub.output.read import Reader, lines
from chub.output.write import Log
from tests.unit.output.test_output import ERR, OUT, write

SIZE, TIMES = 32 << 10, 3
WRITTEN = 40_000  # lines


def line(number: int) -> bytes:
    """A line that tells which it is: 20 bytes."""
    return b"line %014d\n" % number


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The directory of a log that has been written to beyond its limit, by a keeper and its successor."""
    for half in (range(WRITTEN // 2), range(WRITTEN // 2, WRITTEN)):
        log = Log(str(tmp_path), (SIZE, TIMES))
        for begin in range(half.start, half.stop, 100):
            write(log, OUT, b"".join(map(line, range(begin, begin + 100))))
            write(log, ERR, line(begin))
            log.trim(None)
        log.close()
    return tmp_path


def kept(directory: Path, stream: Stream = OUT) -> list[bytes]:
    """The lines of a stream that are there."""
    reader = Reader(str(directory))
    found = [each.data for each in lines(reader.chunks()) if each.stream is stream]
    reader.close()
    return found


def test_the_newest_lines_are_kept_and_whole(written: Path) -> None:
    """Between (times - 1) and times the size, less a block of each file; none is torn, none is missing."""
    found = kept(written)

    assert SIZE * (TIMES - 1) - 8192 < sum(map(len, found)) <= SIZE * TIMES + 4096
    assert found == [line(number) for number in range(WRITTEN - len(found), WRITTEN)]
    errors = kept(written, ERR)
    assert errors[-1] == line(WRITTEN - 100)
    assert errors == [line(WRITTEN - 100 * back) for back in range(len(errors), 0, -1)]


def test_the_disk_is_given_back(written: Path) -> None:
    """The files take no more room than what is kept; the index neither."""
    room = {name: (written / name).stat().st_blocks * 512 for name in (*FILES.values(), INDEX)}

    assert room[FILES[OUT]] <= SIZE * TIMES + 8192
    assert room[INDEX] <= 16 << 10


def test_the_last_lines(written: Path) -> None:
    """Reading from the end needs nothing of what is gone."""
    reader = Reader(str(written))
    reader.skip_to_last(10)
    found = [each.data for each in lines(reader.chunks()) if each.stream is OUT]
    reader.close()

    assert found[-10:] == [line(number) for number in range(WRITTEN - 10, WRITTEN)]
    assert len(found) < 500


def test_more_lines_than_there_are_and_a_time_before_all(written: Path) -> None:
    """All that is kept."""
    everything = kept(written)
    skips: list[Callable[[Reader], None]] = [lambda each: each.skip_to_last(WRITTEN * 2), lambda each: each.skip_to(1)]
    for skip in skips:
        reader = Reader(str(written))
        skip(reader)
        assert [each.data for each in lines(reader.chunks()) if each.stream is OUT] == everything
        reader.close()


def test_who_follows_loses_only_what_has_gone(tmp_path: Path) -> None:
    """A reader that is faster than the limit gets all; one that stops finds its way to what is left."""
    log = Log(str(tmp_path), (SIZE, 1))
    fast, slow = Reader(str(tmp_path)), Reader(str(tmp_path))
    seen = b""
    first: Iterator[bytes] = (chunk.data for chunk in slow.chunks())
    for begin in range(0, WRITTEN, 100):
        write(log, OUT, b"".join(map(line, range(begin, begin + 100))))
        log.trim(None)
        seen += b"".join(chunk.data for chunk in fast.chunks())
        if begin == 0:
            assert list(islice(first, 1)) == [seen]
    late = b"".join(chunk.data for chunk in slow.chunks())
    for each in (log, fast, slow):
        each.close()

    assert seen == b"".join(map(line, range(WRITTEN)))
    assert late.splitlines(keepends=True) == kept(tmp_path)
    assert len(late) <= SIZE + 4096


def test_one_endless_line(tmp_path: Path) -> None:
    """Nothing of it is shown as if it were a line; what comes after it is."""
    log = Log(str(tmp_path), (SIZE, 1))
    for _ in range(40):
        write(log, OUT, os.urandom(SIZE // 8).replace(b"\n", b"."))
        log.trim(None)
    assert kept(tmp_path) == []
    write(log, OUT, b"\nnext\n")
    log.close()

    assert kept(tmp_path) == [b"next\n"]


def test_what_somebody_is_about_to_read_stays(tmp_path: Path) -> None:
    """The limit waits for those who follow."""
    log = Log(str(tmp_path), (SIZE, 1))
    write(log, OUT, b"first\n")
    reader = Reader(str(tmp_path))
    for _ in range(40):
        write(log, OUT, b"x" * (SIZE // 8 - 1) + b"\n")
        log.trim(reader.record)
    assert next(reader.chunks()).data == b"first\n"
    log.trim(None)
    assert len(b"".join(kept(tmp_path))) <= SIZE
    log.close()
    reader.close()
