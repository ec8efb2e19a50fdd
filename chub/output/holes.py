"""Give the beginning of a file back to the filesystem, while all that is left keeps its place.

What is given back reads as zeros and takes no room: a hole (fallocate(2), lseek(2)). So nobody who reads the rest has
to be told, as they would of files that are renamed.
"""

import errno
import os

PUNCH = 0x01 | 0x02  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
BLOCK = 4096  # bytes: a filesystem gives whole blocks back, and zeros the rest of a block that is named in part


def punch(descriptor: int, start: int, end: int) -> None:
    """Give back the whole blocks between two places. OSError (EOPNOTSUPP) where the filesystem has no holes."""
    start, end = -(-start // BLOCK) * BLOCK, end // BLOCK * BLOCK
    if start >= end:
        return
    import ctypes  # for the one call that Python lacks

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(descriptor, PUNCH, ctypes.c_long(start), ctypes.c_long(end - start)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def data_from(descriptor: int, place: int) -> int:
    """Where data begins at or after a place: the place itself, the end of the hole it is in, or the file's end."""
    try:
        return os.lseek(descriptor, place, os.SEEK_DATA)
    except OSError as failure:
        if failure.errno != errno.ENXIO:
            raise
        return max(place, os.fstat(descriptor).st_size)
