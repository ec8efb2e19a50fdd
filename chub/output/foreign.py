"""Output that others keep, from the files they wrote: docker's and nerdctl's JSON, CRI's text, rotated or not."""

import errno
import json
import os
import re
import stat
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from chub.output.format import Stream
from chub.output.read import Chunk

BLOCK = 1 << 18  # bytes of a file that are read at once
SLACK = 10**9  # nanoseconds: two streams' records may come that much out of order
LOOK = 1 << 17  # bytes before the place where reading begins in which a stream's last record is looked for
TRIES, RETRY = 5, 0.005  # seconds between tries to see a log's files as they are between two rotations
NEVER = 1 << 63  # later than all times
STREAMS = {"stdout": Stream.STDOUT, "stderr": Stream.STDERR}
ROTATED = re.compile(r"\.(\d+|\d{8}-\d{6})(\.gz)?")  # docker's and nerdctl's, kubelet's


class Entry(NamedTuple):
    """One record of a log: a line with its end, or a piece of a long one."""

    time: int  # nanoseconds since 1970
    stream: Stream
    data: bytes
    details: str = ""  # as docker shows the attributes of a record: "env=1,label=x"


Parse = Callable[[bytes], Entry | None]
"""Reads one line of a file; None for one that is no record, as after a crash of who wrote it."""


def json_entry(line: bytes, *, details: bool = False) -> Entry | None:
    """A line of docker's json-file, which nerdctl writes too; with `details` also its attributes."""
    try:
        said = json.loads(line)
        entry = Entry(nanoseconds(said["time"]), STREAMS[said["stream"]], said.get("log", "").encode(errors="replace"))
        if details and (attributes := said.get("attrs")):
            return entry._replace(details=_attributes(attributes))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return entry


def _attributes(attributes: dict[str, str]) -> str:
    from urllib.parse import quote_plus

    return ",".join(f"{quote_plus(name)}={quote_plus(attributes[name])}" for name in sorted(attributes))


def cri_entry(line: bytes) -> Entry | None:
    """A line of a Kubernetes container's log: ``TIME STREAM TAG DATA``, of which the tag P says that it goes on."""
    try:
        when, stream, tags, data = line.split(b" ", 3)
        whole = b"" if tags.split(b":")[0] == b"P" else b"\n"
        return Entry(nanoseconds(when.decode()), STREAMS[stream.decode()], data + whole)
    except (ValueError, KeyError):
        return None


def nanoseconds(text: str) -> int:
    """A time in RFC 3339, with any number of digits, in nanoseconds since 1970. ValueError for anything else."""
    digits, place = "", 19
    if text[19:20] == ".":
        digits = text[20:].rstrip("Zz").partition("+")[0].partition("-")[0]
        place = 20 + len(digits)
    return _seconds(text[:19], text[place:]) * 10**9 + int(digits[:9].ljust(9, "0"))


@lru_cache(maxsize=4)
def _seconds(text: str, zone: str) -> int:
    if not zone:
        raise ValueError(f"a time without a zone: {text}")
    return int(datetime.fromisoformat(text + zone).timestamp())


class _File:
    """One file of a log, by its lines."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def close(self) -> None:
        os.close(self.descriptor)

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    @property
    def end(self) -> int:
        """Where its last whole line ends."""
        place = self.size
        while place > 0:
            start = max(place - BLOCK, 0)
            found = os.pread(self.descriptor, place - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            place = start
        return 0

    @property
    def first(self) -> bytes:
        """Its first line, which tells it from all others; empty where there is none yet."""
        return next((line for _, line in self.lines(0)), b"")

    def lines(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Whole lines from `start` on, each without its end and with the place after it."""
        rest = b""
        while data := os.pread(self.descriptor, BLOCK, start + len(rest)):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                start += len(line) + 1
                yield start, line

    def before(self, end: int) -> Iterator[tuple[int, bytes]]:
        """The lines before `end`, where one ends, the last first, each with the place where it begins."""
        place, rest = end - 1, b""  # a line's end itself is left out
        while place > 0:
            size = min(BLOCK, place)
            place -= size
            data = os.pread(self.descriptor, size, place) + rest
            rest, *whole = data.split(b"\n")
            at = place + len(data)
            for line in reversed(whole):
                at -= len(line)
                yield at, line
                at -= 1
        if end > 0:
            yield 0, rest

    def boundary(self, place: int) -> int:
        """Where a line begins, at `place` or after it."""
        return next((after for after, _ in self.lines(place - 1)), self.size) if place else 0


class Rotated:
    """What is kept of one container's output at a path, and before it was rotated away. OSError if there is no file.

    Only regular files are opened: whoever opens a FIFO takes what is for another.
    """

    def __init__(self, path: str, parse: Parse, *, details: bool = False) -> None:
        self._path, self._parse, self._details = path, parse, details
        self._known: set[bytes] = set()  # first lines of the files that have been found
        self._files = self._unknown()  # oldest first; reading is in the first of them
        self._place = 0
        self._owed: list[Entry] = []  # the beginnings of lines that go on where reading begins
        self._begun: set[Stream] = set()  # streams in the middle of a line
        self._looked = (0, 0)

    def close(self) -> None:
        """Close the files."""
        while self._files:
            self._files.pop().close()

    def chunks(self) -> Iterator[Chunk]:
        """What has come since the last call, in the order it came, also through rotations."""
        while self._owed:
            yield self._chunk(self._owed.pop(0))
        while True:
            yield from self._rest()
            if len(self._files) == 1 and not self._renewed():
                return
            yield from self._rest()  # what came before the rotation and after the last look
            self._files.pop(0).close()
            self._place = 0

    def changed(self) -> bool:
        """Whether there may be more to read than at the last call of this."""
        try:
            status = os.stat(self._path)
        except FileNotFoundError:  # it is just being rotated
            return False
        before, self._looked = self._looked, (status.st_ino, status.st_size)
        return self._looked != before

    def skip_to(self, moment: int) -> None:
        """Begin with the lines that ended at a moment or later, and few that did not."""
        early = moment - SLACK
        times = [self._time(file, 0) for file in self._files]
        number = max(bisect_left(times, early) - 1, 0)
        file = self._files[number]
        starts = range(0, file.size, BLOCK)
        block = max(bisect_left(starts, early, key=lambda place: self._time(file, place)) - 1, 0)
        self._begin(number, file.boundary(starts[block]) if starts else 0)

    def skip_to_last(self, count: int) -> None:
        """Begin so that at least the last `count` lines come, and not much more."""
        found = 0
        last = len(self._files) - 1
        for number, place, entry in self._backwards(last, self._files[last].end):
            found += entry.data.endswith(b"\n")
            if found > count + len(Stream):
                self._begin(number, place)
                return

    def _chunk(self, entry: Entry) -> Chunk:
        data = entry.data
        if self._details:
            if entry.stream not in self._begun:
                data = f"{entry.details} ".encode() + data
            (self._begun.discard if data.endswith(b"\n") else self._begun.add)(entry.stream)
        return Chunk(entry.time, entry.stream, data)

    def _rest(self) -> Iterator[Chunk]:
        """What the file that reading is in has more."""
        file = self._files[0]
        if file.size < self._place:  # it was cut: what logrotate calls copytruncate
            self._place = 0
        for after, line in file.lines(self._place):
            self._place = after
            if entry := self._parse(line):
                yield self._chunk(entry)

    def _renewed(self) -> bool:
        """Whether the path is another file by now; it and what was rotated away meanwhile are next."""
        ours = self._files[0]
        try:
            if os.path.samestat(os.stat(self._path), os.fstat(ours.descriptor)):
                return False
            self._known.add(ours.first)
            self._files += self._unknown()
        except FileNotFoundError:  # between the two steps of a rotation
            return False
        return True

    def _unknown(self) -> list[_File]:
        """The file at the path, and before it those rotated files that were not there the last time, oldest first."""
        for left in reversed(range(TRIES)):
            found = list[_File]()
            try:
                self._known = self._find(found)
            except FileNotFoundError:  # a rotation was faster
                for file in found:
                    file.close()
                if not left:
                    raise
                time.sleep(RETRY)
            else:
                break
        return found

    def _find(self, found: list[_File]) -> set[bytes]:
        """Add what `_unknown` is to find, and give the first lines of all files that are there."""
        found.append(newest := _File(_descriptor(self._path)))
        seen = {newest.first}
        for path in _rotated(self._path):
            with suppress(EOFError):  # it is still being compressed
                first = _first_of(path)
                if first and first not in self._known | seen:
                    found.append(_File(_unzipped(path) if path.endswith(".gz") else _descriptor(path)))
                seen.add(first)
        found.sort(key=lambda file: self._time(file, 0) if file is not newest else NEVER)
        return seen

    def _time(self, file: _File, place: int) -> int:
        """When the first record after a place came; the latest of all times where there is none."""
        for _, line in file.lines(file.boundary(place)):
            if entry := self._parse(line):
                return entry.time
        return NEVER

    def _backwards(self, number: int, place: int) -> Iterator[tuple[int, int, Entry]]:
        """The records before a place in a file, the last first, each with its file and place."""
        while True:
            for start, line in self._files[number].before(place):
                if entry := self._parse(line):
                    yield number, start, entry
            if number == 0:
                return
            number -= 1
            place = self._files[number].end

    def _begin(self, number: int, place: int) -> None:
        """Begin at a record of a file, with whole lines."""
        waiting, begun = set(Stream), set[Stream]()
        looked = 0
        for _, _, entry in self._backwards(number, place):
            looked += len(entry.data)
            if entry.data.endswith(b"\n"):
                waiting.discard(entry.stream)
                begun.discard(entry.stream)
            elif entry.stream in waiting:
                self._owed.insert(0, entry)
                begun.add(entry.stream)
            if not waiting or (looked > LOOK and not begun):
                break
        for _ in range(number):
            self._files.pop(0).close()
        self._place = place


def _descriptor(path: str) -> int:
    """A regular file, opened for reading; OSError for anything else, which is not opened."""
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(place).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(place)


def _rotated(path: str) -> list[str]:
    """The files that were at a path earlier; of two with the same content the plain one is first."""
    directory, name = os.path.split(path)
    return [
        os.path.join(directory, each)
        for each in sorted(os.listdir(directory))
        if each.startswith(name) and ROTATED.fullmatch(each[len(name) :])
    ]


def _first_of(path: str) -> bytes:
    descriptor = _descriptor(path)
    if not path.endswith(".gz"):
        with closing(_File(descriptor)) as file:
            return file.first
    with open(descriptor, "rb") as packed, _unpacked(packed, path) as unpacked:
        return unpacked.readline().removesuffix(b"\n")


def _unzipped(path: str) -> int:
    """What a compressed file holds, in one without a name."""
    import shutil
    import tempfile

    with (
        open(_descriptor(path), "rb") as packed,
        _unpacked(packed, path) as unpacked,
        tempfile.TemporaryFile() as file,
    ):
        shutil.copyfileobj(unpacked, file, BLOCK)
        file.flush()
        return os.dup(file.fileno())


@contextmanager
def _unpacked(packed: BinaryIO, path: str) -> Iterator[BinaryIO]:
    """What a compressed file holds; OSError where that is damaged, EOFError where it ends early."""
    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=packed) as unpacked:
            yield unpacked  # type: ignore[misc]  # it has what BinaryIO has
    except (gzip.BadGzipFile, zlib.error) as failure:
        raise OSError(errno.EIO, f"damaged: {failure}", path) from failure
