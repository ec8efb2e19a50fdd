"""Keep output: move it from FIFOs into files, so that a killed keeper loses nothing."""

import errno
import os
import sys
import time
from contextlib import suppress

from chub.output.format import FILES, HEADER, RECORD, Stream, first_record, open_index, place_of
from chub.output.holes import BLOCK, data_from, punch

CHUNK = 1 << 20  # bytes at once


class Log:
    """The output of one container, to be added to. Only one process at a time may do that.

    `limit` is (bytes, times): once more than so many times so many bytes are kept, the oldest go.
    """

    def __init__(self, directory: str, limit: "tuple[int, int] | None" = None) -> None:
        self._limit = limit
        self._chunk = CHUNK if limit is None else min(CHUNK, max(limit[0] // 8, BLOCK))
        self._index = open_index(directory)
        self._files: dict[Stream, int] = {}
        self._ends: dict[Stream, int] = {}
        for stream, name in FILES.items():
            path = os.path.join(directory, name)
            self._files[stream] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            self._ends[stream] = os.fstat(self._files[stream]).st_size
        self._first = first_record(self._index)
        self._starts = {stream: data_from(file, 0) for stream, file in self._files.items()}
        known = dict.fromkeys(Stream, 0) | _known_ends(self._index)
        for stream, end in self._ends.items():
            if end > known[stream]:
                self._note(stream)

    def take(self, stream: Stream, fifo: int) -> int:
        """Move what a FIFO holds into the stream's file: how many bytes; 0 where nobody writes to it any more.

        BlockingIOError where it is empty. The kernel moves or leaves bytes (splice(2)), so a kill loses none; on a full
        disk (OSError) they stay in the FIFO.
        """
        end = self._ends[stream]
        moved = os.splice(fifo, self._files[stream], self._chunk, offset_dst=end, flags=os.SPLICE_F_NONBLOCK)
        if moved:
            self._ends[stream] = end + moved
            self._note(stream)
        return moved

    def close(self) -> None:
        """Close the files."""
        for descriptor in (self._index, *self._files.values()):
            os.close(descriptor)

    def _note(self, stream: Stream) -> None:
        with suppress(OSError):  # a full disk: the bytes are there, and their time is that of the next record
            os.write(self._index, RECORD.pack(time.time_ns(), self._ends[stream], stream))

    def trim(self, record: int | None) -> None:
        """Let the oldest output go, if too much is kept, up to a record that somebody is about to read.

        It goes by as many bytes at once as the limit has, or by half of them where it has them once.
        """
        if self._limit is None:
            return
        size, times = self._limit
        kept = sum(self._ends[stream] - self._starts[stream] for stream in Stream)
        if kept <= size * times:
            return
        wanted = size * (times - 1) if times > 1 else size // 2
        while kept > wanted and self._first != record:
            found = os.pread(self._index, RECORD.size, place_of(self._first))
            if len(found) < RECORD.size:
                break
            _, end, number = RECORD.unpack(found)
            kept -= end - self._starts[Stream(number)]
            self._starts[Stream(number)] = end
            self._first += 1
        try:
            for stream, file in self._files.items():
                punch(file, 0, self._starts[stream])
            punch(self._index, BLOCK, place_of(self._first))
        except OSError as failure:
            if failure.errno != errno.EOPNOTSUPP:
                raise
            sys.stderr.write(f"nothing can be let go of what is kept: {failure.strerror}\n")
            self._limit = None


class Nowhere:
    """Where output goes that is not kept."""

    def __init__(self) -> None:
        self._null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)

    def take(self, stream: Stream, fifo: int) -> int:
        """As `Log.take`."""
        return os.splice(fifo, self._null, CHUNK, flags=os.SPLICE_F_NONBLOCK)

    def trim(self, record: int | None) -> None:
        """Nothing is here to let go."""

    def close(self) -> None:
        """Close the file."""
        os.close(self._null)


def _known_ends(index: int) -> dict[Stream, int]:
    """Where each stream ends according to the index."""
    ends: dict[Stream, int] = {}
    place = os.fstat(index).st_size
    while place > len(HEADER) and len(ends) < len(Stream):
        place -= RECORD.size
        _, end, stream = RECORD.unpack(os.pread(index, RECORD.size, place))
        ends.setdefault(Stream(stream), end)
    return ends
