"""What differs between two trees of layers: docker's ``diff``, without mounting anything.

A tree is the directories of an overlay, topmost first, as the kernel puts them together: a character device 0:0 hides
the name below it, a directory with the attribute ``trusted.overlay.opaque`` hides all below it
(Documentation/filesystems/overlayfs.rst). What both trees take from the same directories is not looked at.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from enum import StrEnum

from chub.chain.collect.snapshot import directories
from chub.errors import DataLoss, PermissionDenied, Unsupported
from chub.objects.snapshots import find, mounts_of
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.workspace import Workspace
    from chub.objects.snapshots import SnapshotSummary

OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


class ChangeKind(StrEnum):
    """docker's letters."""

    ADDED = "A"
    CHANGED = "C"
    DELETED = "D"


@record
class Change:
    """A path that differs."""

    kind: ChangeKind
    path: str  # absolute, in the tree


def diff(workspace: Workspace, word: str, other: str = "") -> tuple[Change, ...]:
    """What a snapshot has that its parent (or an `other` snapshot) has not, by path.

    Raises Unsupported for a snapshotter whose mounts are no directories, PermissionDenied for who is not root,
    DataLoss where it changed while it was read.
    """
    row = find(workspace, word)
    base: tuple[str, ...] = ()
    if other:
        base = _tree(workspace, find(workspace, other))
    elif row.snapshot.parent:
        base = _tree(workspace, find(workspace, row.snapshot.parent))
    what = f"diff of snapshot {row.snapshot.name}"
    try:
        return tuple(changes(base, _tree(workspace, row)))
    except PermissionError as failure:
        raise PermissionDenied(f"{what}: {failure.filename}: permission denied", hint="use sudo") from failure
    except OSError as failure:
        raise DataLoss(
            f"{what}: {failure.filename}: {failure.strerror}",
            hint="if it changed while it was read: pause its container",
        ) from failure
    except RecursionError as failure:
        raise Unsupported(f"{what}: its directories are nested too deep") from failure


def _tree(workspace: Workspace, row: SnapshotSummary) -> tuple[str, ...]:
    found = directories(mounts_of(workspace.services, row.snapshotter, row.snapshot))
    if not found:
        raise Unsupported(f"diff: snapshotter {row.snapshotter} keeps no directories that can be compared")
    return found


def changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """What turns one tree into the other, in the order of paths. A directory with changes in it has changed."""
    yield from _below(
        "", *(tuple(_Entry(path=path, status=os.stat(path)) for path in tree) for tree in (before, after))
    )


@record
class _Entry:
    """What a layer has under a name."""

    path: str
    status: os.stat_result  # of itself, not of what it leads to
    link: str = ""  # where a symbolic link leads
    opaque: bool = False  # of a directory: hides those of its name below it

    @property
    def directory(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def whiteout(self) -> bool:
        return stat.S_ISCHR(self.status.st_mode) and self.status.st_rdev == 0


def _below(path: str, before: Sequence[_Entry], after: Sequence[_Entry]) -> Iterator[Change]:
    """Of one directory; the layers are those that have it."""
    if [each.path for each in before] == [each.path for each in after]:
        return
    old, new = _entries(before), _entries(after)
    for name in sorted(old.keys() | new.keys()):
        here = f"{path}/{name}"
        if name not in new:
            yield Change(kind=ChangeKind.DELETED, path=here)
            continue
        inner_old = old.get(name, ())
        inner = list(_below(here, _directories(inner_old), _directories(new[name])))
        if not inner_old:
            yield Change(kind=ChangeKind.ADDED, path=here)
        elif inner or _differs(inner_old[0], new[name][0]):
            yield Change(kind=ChangeKind.CHANGED, path=here)
        if new[name][0].directory:  # what went with a directory that is none now, goes without saying
            yield from inner


def _entries(layers: Sequence[_Entry]) -> dict[str, tuple[_Entry, ...]]:
    """The names of a merged directory; what stands for each, topmost first, down to what ends it."""
    found: dict[str, list[_Entry]] = {}
    ended: set[str] = set()
    for layer in layers:
        for name, entry in _read(layer):
            if name in ended:
                continue
            if not entry.whiteout and (entry.directory or name not in found):
                found.setdefault(name, []).append(entry)
            if entry.opaque or not entry.directory:
                ended.add(name)
    return {name: tuple(entries) for name, entries in found.items()}


def _read(directory: _Entry) -> Iterator[tuple[str, _Entry]]:
    """What is in a directory: that one, wherever its path leads by now. A container may change it meanwhile."""
    fd = os.open(directory.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not os.path.samestat(os.fstat(fd), directory.status):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), directory.path)
        for name in os.listdir(fd):
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            yield (
                name,
                _Entry(
                    path=f"{directory.path}/{name}",
                    status=status,
                    link=os.readlink(name, dir_fd=fd) if stat.S_ISLNK(status.st_mode) else "",
                    opaque=stat.S_ISDIR(status.st_mode) and _is_opaque(f"/proc/self/fd/{fd}/{name}"),
                ),
            )
    finally:
        os.close(fd)


def _is_opaque(path: str) -> bool:
    names = os.listxattr(path, follow_symlinks=False)
    return any(name in names and os.getxattr(path, name, follow_symlinks=False) == b"y" for name in OPAQUE)


def _directories(entries: Sequence[_Entry]) -> tuple[_Entry, ...]:
    return tuple(entry for entry in entries if entry.directory)


def _differs(old: _Entry, new: _Entry) -> bool:
    """Whether two files are not the same, as docker decides: by what lstat(2) tells, and where links lead."""
    if old.path == new.path:
        return False
    one, other = old.status, new.status
    if (one.st_mode, one.st_uid, one.st_gid, one.st_rdev) != (other.st_mode, other.st_uid, other.st_gid, other.st_rdev):
        return True
    if old.directory:
        return False
    if stat.S_ISLNK(one.st_mode):
        return old.link != new.link
    return (one.st_size, one.st_mtime_ns) != (other.st_size, other.st_mtime_ns)
