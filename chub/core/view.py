"""A directory seen through a mount of its own, on which nothing can be written, not even access times.

`open_tree` copies the mount that the directory is on and attaches the copy nowhere: no other process sees
it, and it ends with its descriptor, however this process ends. What is mounted below the directory is not
in the copy.
"""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

from chub.errors import Conflict, Invalid, NotFound, PermissionDenied
from chub.records import record

AT_EMPTY_PATH = 0x1000
OPEN_TREE, MOUNT_SETATTR = 428, 442  # on every architecture
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOATIME, MOUNT_ATTR_ATIME = 0x1, 0x10, 0x70

ROOTFS = "name a directory that holds a root filesystem: bin, etc, usr and so on"


@record
class View:
    """An open directory. Its owner closes ``fd``."""

    fd: int
    guarded: bool  # the kernel keeps access times as they are
    mounted: tuple[str, ...]  # what is mounted below, relative; the directories underneath are seen instead


def open_view(directory: Path) -> View:
    """Open a directory for reading only.

    Where a mount of its own cannot be had (not root, or before Linux 5.12) it is opened as it is: then
    nothing may be mounted below it (Conflict). NotFound, Invalid, PermissionDenied for what cannot be
    opened as a directory.
    """
    fd = _opened(directory)
    try:
        mounted = mounted_below(os.readlink(f"/proc/self/fd/{fd}"))
        copy = _copied(fd)
        if copy is not None:
            return View(fd=copy, guarded=True, mounted=mounted)
        if mounted:
            raise Conflict(
                f"{directory}: file systems are mounted in it: {', '.join(mounted)}",
                hint="unmount them, or import it as root",
            )
        view, fd = View(fd=fd, guarded=False, mounted=()), -1
        return view
    finally:
        if fd >= 0:
            os.close(fd)


def mounted_below(directory: str) -> tuple[str, ...]:
    """The mount points below a directory (a real path), relative to it, as this process sees them."""
    # mountinfo, proc(5): the fifth field is the mount point; blank, tab, newline and backslash are octal.
    start = directory.rstrip("/") + "/"
    found = set()
    for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
        point = os.fsdecode(line.split(b" ")[4])
        for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            point = point.replace(code, char)
        if point.startswith(start):
            found.add(point.removeprefix(start))
    return tuple(sorted(found))


def _opened(directory: Path) -> int:
    try:
        return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"{directory}: no such directory", hint=ROOTFS) from None
    except NotADirectoryError:
        raise Invalid(f"{directory}: not a directory", hint=ROOTFS) from None
    except PermissionError:
        raise PermissionDenied(f"{directory}: permission denied", hint="run it as root (sudo)") from None
    except (OSError, ValueError) as failure:  # ValueError: a zero byte in the name
        raise Invalid(f"{directory}: {getattr(failure, 'strerror', None) or failure}") from failure


def _copied(directory: int) -> int | None:
    """A read-only copy of the mount, with its root at the directory; None where that may not be made."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    flags = ctypes.c_uint(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)
    copy: int = libc.syscall(ctypes.c_long(OPEN_TREE), ctypes.c_int(directory), b"", flags)
    if copy < 0:
        _check_denied(ctypes.get_errno())
        return None
    attributes = struct.pack("=QQQQ", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME, MOUNT_ATTR_ATIME, 0, 0)
    done = libc.syscall(
        ctypes.c_long(MOUNT_SETATTR),
        ctypes.c_int(copy),
        b"",
        ctypes.c_uint(AT_EMPTY_PATH),
        attributes,
        ctypes.c_size_t(len(attributes)),
    )
    if done < 0:
        number = ctypes.get_errno()
        os.close(copy)
        _check_denied(number)
        return None
    return copy


def _check_denied(number: int) -> None:
    # EINVAL: a mount that another user namespace locked. Else: not root, an old kernel, a seccomp filter.
    if number not in (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EINVAL):
        raise OSError(number, os.strerror(number))
