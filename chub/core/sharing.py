"""Hand a mount of one mount namespace to another, seen by no third.

A thread of its own enters them: a single thread may, once it shares its root and directory with no other
(``unshare(CLONE_FS)``). The copy that it takes along is attached nowhere until it is in its new place.
"""

from __future__ import annotations

import os

from chub.core.unseen import CLONE_FS, CLONE_NEWNS, apart
from chub.core.view import OPEN_TREE, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE
from chub.errors import ChubError

MOVE_MOUNT = 429  # on every architecture
MOVE_MOUNT_F_EMPTY_PATH = 4
AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
MNT_DETACH, UMOUNT_NOFOLLOW = 2, 8


def share_mount(place: str, donor: int, taker: int) -> None:
    """Mount what process `donor` has at `place` over it in the mount namespace of process `taker`, in place of its own.

    Needs Linux 5.2. Raises ChubError if the kernel refuses, or one of the two is gone.
    """
    try:
        apart(lambda: _attempt(place, donor, taker))
    except OSError as failure:
        raise ChubError(f"{place} cannot be shared: {failure}") from failure


def _attempt(place: str, donor: int, taker: int) -> None:
    opened = [os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC) for pid in (donor, taker)]
    try:
        _hand_over(place.encode(), *opened)
    finally:
        for fd in opened:
            os.close(fd)


def _hand_over(place: bytes, donor: int, taker: int) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def done(what: str, result: int) -> int:
        if result < 0:
            raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
        return result

    done("unshare", libc.unshare(CLONE_FS))
    done("setns", libc.setns(donor, CLONE_NEWNS))
    flags = ctypes.c_uint(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW)
    tree = done("open_tree", libc.syscall(ctypes.c_long(OPEN_TREE), ctypes.c_int(AT_FDCWD), place, flags))
    try:
        done("setns", libc.setns(taker, CLONE_NEWNS))
        done("umount2", libc.umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW))
        move = (ctypes.c_int(tree), b"", ctypes.c_int(AT_FDCWD), place, ctypes.c_uint(MOVE_MOUNT_F_EMPTY_PATH))
        done("move_mount", libc.syscall(ctypes.c_long(MOVE_MOUNT), *move))
    finally:
        os.close(tree)
