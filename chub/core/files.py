"""Read files of a container's root filesystem without mounting it where anybody can see it.

What containerd's ``Snapshots.Mounts`` returns is mounted by a thread that has left the process's mount namespace
(``unshare(CLONE_NEWNS)``, which a single thread may do), at a place nobody else ever sees, and every name is resolved
below it (``openat2`` with RESOLVE_IN_ROOT): a link in the image never leads out of it. The mount dies with the thread.
The common case needs none of that: an image of one layer is one directory, and ``etc/passwd`` in it is a plain file
that can be opened component by component without following links.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Sequence

from chub.errors import ChubError, Invalid, PermissionDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.types import Mount

LIMIT = 4 << 20  # bytes of one file
CLONE_NEWNS, CLONE_FS = 0x00020000, 0x00000200
MS_RDONLY, MS_BIND, MS_REC, MS_SLAVE = 0x1, 0x1000, 0x4000, 0x80000
RESOLVE_IN_ROOT = 0x10
OPENAT2 = 437  # the number of this call on every architecture


def read(mounts: Sequence[Mount], names: Sequence[str]) -> dict[str, bytes]:
    """The content of the regular files `names` (relative to the root); a file that is missing is left out.

    `mounts` are those of a snapshot that no container has changed yet. Raises Invalid for a file over 4 MiB.
    """
    layers = _layers(mounts)
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


def _layers(mounts: Sequence[Mount]) -> tuple[str, ...]:
    """The directories that lie above each other, uppermost first."""
    mount = mounts[-1]
    if mount.type != "overlay":
        return (mount.source,)
    options = dict(option.partition("=")[::2] for option in mount.options)
    return tuple(options["lowerdir"].split(":"))


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
    found: dict[str, bytes] = {}
    failures: list[OSError | ChubError] = []

    def work() -> None:
        try:
            root = mount_unseen(layers)
            try:
                for name in names:
                    fd = _open_in_root(root, name)
                    if fd is not None and (content := _content(fd, name)) is not None:
                        found[name] = content
            finally:
                os.close(root)
        except (OSError, ChubError) as failure:
            failures.append(failure)

    thread = threading.Thread(target=work, name="chub-unseen-mount")
    thread.start()
    thread.join()
    if failures:
        raise _unreadable(failures[0]) from failures[0]
    return found


def _unreadable(failure: OSError | ChubError) -> ChubError:
    message = f"cannot read the image's files: {getattr(failure, 'strerror', None) or failure}"
    if isinstance(failure, PermissionError):
        return PermissionDenied(message, hint="run it as root (sudo): users and groups are looked up there")
    return ChubError(message)


def mount_unseen(layers: Sequence[str]) -> int:
    """Leave the mount namespace, mount the layers read-only over /, and give a descriptor of their root."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *args: object) -> None:
        if getattr(libc, name)(*args) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")

    call("unshare", CLONE_NEWNS | CLONE_FS)
    call("mount", b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_SLAVE), None)
    target = os.path.dirname(layers[0]).encode()
    if len(layers) == 1:
        call("mount", layers[0].encode(), target, None, ctypes.c_ulong(MS_BIND), None)
    else:
        common = os.path.commonpath(layers)
        os.chdir(common)  # this thread's own: relative names keep the options below a page
        lower = ":".join(os.path.relpath(layer, common) for layer in layers)
        call("mount", b"overlay", target, b"overlay", ctypes.c_ulong(MS_RDONLY), f"lowerdir={lower}".encode())
    return os.open(target, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


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
