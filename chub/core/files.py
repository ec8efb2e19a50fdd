"""Read files of a container's root filesystem without mounting it where anybody can see it.

What containerd's ``Snapshots.Mounts`` returns is mounted where nobody else sees it (`chub.core.unseen`), and every name
is resolved below it (``openat2`` with RESOLVE_IN_ROOT): a link in the image never leads out of it. The common case is
simpler: an image of one layer is one directory, and ``etc/passwd`` in it is a plain file that can be opened
component by component without following links.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence

from chub.core.unseen import layers_of, with_mounted
from chub.errors import ChubError, Invalid, PermissionDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.types import Mount

LIMIT = 4 << 20  # bytes of one file
RESOLVE_IN_ROOT = 0x10
OPENAT2 = 437  # the number of this call on every architecture


def read(mounts: Sequence[Mount], names: Sequence[str]) -> dict[str, bytes]:
    """The content of the regular files `names` (relative to the root); a file that is missing is left out.

    `mounts` are those of a snapshot that no container has changed yet. Raises Invalid for a file over 4 MiB.
    """
    layers = layers_of(mounts[-1], changed=False)
    if len(layers) == 1:
        try:
            return {name: content for name in names if (content := _read_plain(layers[0], name)) is not None}
        except _Link:
            pass
        except OSError as failure:
            raise _unreadable(failure) from failure
    return _read_mounted(layers, names)


def read_live(pid: int, names: Sequence[str]) -> dict[str, bytes]:
    """As `read`, from the root that process `pid` has: a container's, as it is now.

    That the process is still the one that was meant is for the caller to look at afterwards.
    """
    found: dict[str, bytes] = {}
    try:
        root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in names:
                fd = _open_in_root(root, name)
                if fd is not None and (content := _content(fd, name)) is not None:
                    found[name] = content
        finally:
            os.close(root)
    except FileNotFoundError:  # the process has ended
        return {}
    except OSError as failure:
        raise _unreadable(failure) from failure
    return found


class _Link(Exception):
    """A component of the name is a symbolic link: plain opening is not enough."""


def _read_plain(root: str, name: str) -> bytes | None:
    """Open `name` below `root`, component by component, following nothing."""
    at = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *parents, last = name.split("/")
        for parent in parents:
            below = os.open(parent, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
            if stat.S_ISLNK(os.fstat(at).st_mode):
                raise _Link
        return _content(os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=at), name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        if failure.errno == errno.ELOOP:
            raise _Link from failure
        raise
    finally:
        os.close(at)


def _content(fd: int, name: str) -> bytes | None:
    """All of a regular file; None if it is something else. Closes `fd`."""
    with open(fd, "rb") as opened:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        content = opened.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise Invalid(f"/{name} of the image is larger than {LIMIT >> 20} MiB")
    return content


def _read_mounted(layers: Sequence[str], names: Sequence[str]) -> dict[str, bytes]:
    def work(root: int) -> dict[str, bytes]:
        opened = ((name, _open_in_root(root, name)) for name in names)
        return {name: content for name, fd in opened if fd is not None and (content := _content(fd, name)) is not None}

    try:
        return with_mounted(layers, work)
    except (OSError, ChubError) as failure:
        raise _unreadable(failure) from failure


def _unreadable(failure: OSError | ChubError) -> ChubError:
    message = f"cannot read the image's files: {getattr(failure, 'strerror', None) or failure}"
    if isinstance(failure, PermissionError):
        return PermissionDenied(message, hint="run it as root (sudo): users and groups are looked up there")
    return ChubError(message)


def _open_in_root(root: int, name: str) -> int | None:
    """openat2(2): `name` as if `root` were /, links and ".." included."""
    import ctypes
    import struct

    libc = ctypes.CDLL(None, use_errno=True)
    how = struct.pack("=QQQ", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, 0, RESOLVE_IN_ROOT)
    fd: int = libc.syscall(ctypes.c_long(OPENAT2), ctypes.c_int(root), name.encode(), how, ctypes.c_size_t(len(how)))
    if fd >= 0:
        return fd
    number = ctypes.get_errno()
    if number in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return None
    raise OSError(number, os.strerror(number), name)
