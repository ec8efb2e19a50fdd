"""How output is kept: the raw bytes of each stream in a file, and an index that says when they came.

``log.stdout`` and ``log.stderr`` hold what the program wrote, and nothing else. ``log.index`` begins with `HEADER`; a
record of 24 bytes follows for each chunk that came: the time (nanoseconds since 1970), where the stream's file ends
with it, and the stream. What the files have beyond the last record came in a moment when the keeper was killed. Where
less is kept than was written, all three begin with a hole (`chub.output.holes`); the header stays.
"""

import os
import struct
from enum import IntEnum

from chub.output.holes import BLOCK, data_from

HEADER = b"chub output, version 1\n\0"
RECORD = struct.Struct("<QQQ")
INDEX = "log.index"


class Stream(IntEnum):
    """Which of a program's output streams."""

    STDOUT = 1
    STDERR = 2


FILES = {Stream.STDOUT: "log.stdout", Stream.STDERR: "log.stderr"}


class UnknownFormat(ValueError):
    """An index that this version cannot read, or nobody."""


def place_of(record: int) -> int:
    """Where in the index a record is."""
    return len(HEADER) + record * RECORD.size


def first_record(index: int) -> int:
    """The first record that is kept."""
    if os.fstat(index).st_size <= BLOCK:
        return 0
    begin = data_from(index, BLOCK)
    return 0 if begin == BLOCK else -(-(begin - len(HEADER)) // RECORD.size)


def check(header: bytes) -> None:
    """Raise `UnknownFormat` for an index that does not begin as ours."""
    if header != HEADER:
        raise UnknownFormat(f"output is kept in another version's format: {header[:24]!r}")


def open_index(directory: str) -> int:
    """A descriptor to append to the index, which is made if it is not there; a torn last record is cut off."""
    index = os.open(os.path.join(directory, INDEX), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    size = os.fstat(index).st_size
    if size < len(HEADER):
        os.ftruncate(index, 0)
        os.write(index, HEADER)
    else:
        check(os.pread(index, len(HEADER), 0))
        os.ftruncate(index, size - (size - len(HEADER)) % RECORD.size)
    return index
