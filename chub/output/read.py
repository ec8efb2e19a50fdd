"""Read kept output again: chunk by chunk, line by line, from the end, and as it comes."""

import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from chub.output.format import FILES, HEADER, INDEX, RECORD, Stream, UnknownFormat, check, first_record, place_of
from chub.output.holes import data_from

LARGEST = (1 << 63) - 1  # where a file may end
BLOCK = 1 << 16  # bytes of a file that are counted at once


class Chunk(NamedTuple):
    """What came at one time."""

    time: int  # nanoseconds since 1970
    stream: Stream
    data: bytes


class Line(NamedTuple):
    """A line of output with its end, which the last one may lack."""

    time: int  # nanoseconds since 1970: when its end came
    stream: Stream
    data: bytes


class _Records(Sequence["tuple[int, int, int]"]):
    """The index's records: (time, end, stream)."""

    def __init__(self, index: int) -> None:
        check(os.pread(index, len(HEADER), 0))
        self._index = index

    def __len__(self) -> int:
        return (os.fstat(self._index).st_size - len(HEADER)) // RECORD.size

    def __getitem__(self, place: int) -> tuple[int, int, int]:  # type: ignore[override]
        time, end, number = RECORD.unpack(os.pread(self._index, RECORD.size, place_of(place)))
        if end > LARGEST or number > max(Stream):
            raise UnknownFormat(f"the index of the output is damaged at record {place}")
        return time, end, number

    @property
    def first(self) -> int:
        """The first record that is kept; those before it have only zeros."""
        return first_record(self._index)


class Reader:
    """The kept output of one container. FileNotFoundError if none is kept; UnknownFormat where it cannot be read."""

    def __init__(self, directory: str) -> None:
        self._index = os.open(os.path.join(directory, INDEX), os.O_RDONLY | os.O_CLOEXEC)
        self._records = _Records(self._index)
        self._files = {
            stream: os.open(os.path.join(directory, name), os.O_RDONLY | os.O_CLOEXEC) for stream, name in FILES.items()
        }
        self._place = 0
        self._ends = dict.fromkeys(Stream, 0)
        self._torn: set[Stream] = set()  # those whose next line has lost its beginning
        self._owed: list[Chunk] = []  # the beginnings of lines that go on where reading begins

    @property
    def record(self) -> int:
        """The record that is read next."""
        return self._place

    def close(self) -> None:
        """Close the files."""
        for descriptor in (self._index, *self._files.values()):
            os.close(descriptor)

    def chunks(self) -> Iterator[Chunk]:
        """What has come since the last call, in the order it came."""
        yield from self._owed
        self._owed = []
        while self._place < len(self._records):
            time, end, number = self._records[self._place]
            if not number:
                self._place = self._records.first
                continue
            stream = Stream(number)
            while data := self._kept(stream, end):
                yield Chunk(time, stream, data)
            self._place += 1

    def _kept(self, stream: Stream, end: int) -> bytes:
        """The next piece of a stream before `end`; lines whose beginning is not kept any more are left out."""
        while (start := self._ends[stream]) < end:
            data = os.pread(self._files[stream], min(end - start, 1 << 20), start)
            begin = data_from(self._files[stream], start)  # asked afterwards: it may have gone meanwhile
            if begin > start:
                self._ends[stream] = begin
                self._torn.add(stream)
                continue
            if not data:
                break
            self._ends[stream] = start + len(data)
            if stream in self._torn:
                _, found, data = data.partition(b"\n")
                if found:
                    self._torn.discard(stream)
            if data:
                return data
        return b""

    def skip_to(self, time: int) -> None:
        """Begin with the lines that ended at `time` or later."""
        self._begin(bisect_left(self._records, time, key=lambda record: record[0]))

    def skip_to_last(self, count: int) -> None:
        """Begin so that at least the last `count` lines come, and not much more."""
        place, found = len(self._records), 0
        ends = {stream: os.fstat(file).st_size for stream, file in self._files.items()}
        first = self._records.first
        while place > first and found <= count + len(Stream):
            place -= 1
            _, end, number = self._records[place]
            stream = Stream(number)
            start = self._before(place, stream)[1]
            found += self._newlines(stream, start, min(end, ends[stream]))
        self._begin(place)

    def skip_to_end(self) -> None:
        """Begin with what comes from now on."""
        self._place = len(self._records)
        self._ends = {stream: self._before(self._place, stream)[1] for stream in Stream}

    def _begin(self, place: int) -> None:
        """Begin at a record, with whole lines."""
        self._place = max(place, self._records.first)
        self._owed = []
        for stream in Stream:
            time, end = self._before(self._place, stream)
            self._ends[stream] = end
            if end and not time:
                self._torn.add(stream)
            if begun := self._unfinished(stream, end):
                self._owed.append(Chunk(time, stream, os.pread(self._files[stream], begun, end - begun)))

    def _before(self, place: int, stream: Stream) -> tuple[int, int]:
        """The time and end of a stream's last record before a place."""
        first = self._records.first
        while place > first:
            place -= 1
            time, end, number = self._records[place]
            if number == stream:
                return time, end
        return 0, data_from(self._files[stream], 0) if first else 0

    def _unfinished(self, stream: Stream, end: int) -> int:
        """How many bytes before `end` belong to a line that goes on after it."""
        place, first = end, data_from(self._files[stream], 0)
        while place > first:
            start = max(place - BLOCK, first)
            found = os.pread(self._files[stream], place - start, start).rfind(b"\n")
            if found >= 0:
                return end - (start + found + 1)
            place = start
        return max(end - first, 0)

    def _newlines(self, stream: Stream, start: int, end: int) -> int:
        total = 0
        while start < end:
            data = os.pread(self._files[stream], min(BLOCK, end - start), start)
            if not data:
                break
            total += data.count(b"\n")
            start += len(data)
        return total


def lines(chunks: Iterator[Chunk]) -> Iterator[Line]:
    """Chunks put together to lines; what has no end comes last."""
    open_lines: dict[Stream, list[bytes]] = {stream: [] for stream in Stream}
    times = dict.fromkeys(Stream, 0)
    for chunk in chunks:
        times[chunk.stream] = chunk.time
        whole, end, rest = chunk.data.rpartition(b"\n")
        if end:
            for part in whole.split(b"\n"):
                yield Line(chunk.time, chunk.stream, b"".join((*open_lines[chunk.stream], part, b"\n")))
                open_lines[chunk.stream].clear()
        if rest:
            open_lines[chunk.stream].append(rest)
    for stream, parts in open_lines.items():
        if parts:
            yield Line(times[stream], stream, b"".join(parts))


def following(reader: Reader, wait: Callable[[], bool]) -> Iterator[Chunk]:
    """Chunks as they come, until `wait`, which blocks until there may be more, says that there will be none."""
    more = True
    while more:
        yield from reader.chunks()
        more = wait()
    yield from reader.chunks()
