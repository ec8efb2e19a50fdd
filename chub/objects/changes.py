"""What differs between two trees of layers: docker's ``diff``, without mounting anything.

A tree is the directories of an overlay, topmost first, as the kernel puts them together: a character device 0:0 hides
the name below it, a directory with the attribute ``trusted.overlay.opaque`` hides all below it
(Documentation/filesystems/overlayfs.rst). What both trees take from the same directories is not looked at.
"""

from __future__ import annotations

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
    yield from _below("", before, after)


def _below(path: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Of one directory; the layers are those that have it."""
    if tuple(before) == tuple(after):
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
        if _is_directory(new[name]):  # what went with a directory that is none now, goes without saying
            yield from inner


def _entries(layers: Sequence[str]) -> dict[str, tuple[os.DirEntry[str], ...]]:
    """The names of a merged directory; what stands for each, topmost first, down to what ends it."""
    found: dict[str, list[os.DirEntry[str]]] = {}
    ended: set[str] = set()
    for layer in layers:
        for entry in os.scandir(layer):
            if entry.name in ended:
                continue
            if _is_whiteout(entry):
                ended.add(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                found.setdefault(entry.name, []).append(entry)
                if _is_opaque(entry.path):
                    ended.add(entry.name)
            else:
                if entry.name not in found:
                    found[entry.name] = [entry]
                ended.add(entry.name)
    return {name: tuple(entries) for name, entries in found.items()}


def _is_whiteout(entry: os.DirEntry[str]) -> bool:
    if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False) or entry.is_symlink():
        return False
    status = entry.stat(follow_symlinks=False)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _is_opaque(path: str) -> bool:
    names = os.listxattr(path, follow_symlinks=False)
    return any(name in names and os.getxattr(path, name, follow_symlinks=False) == b"y" for name in OPAQUE)


def _is_directory(entries: Sequence[os.DirEntry[str]]) -> bool:
    return entries[0].is_dir(follow_symlinks=False)


def _directories(entries: Sequence[os.DirEntry[str]]) -> list[str]:
    return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


def _differs(old: os.DirEntry[str], new: os.DirEntry[str]) -> bool:
    """Whether two files are not the same, as docker decides: by what lstat(2) tells, and where links lead."""
    if old.path == new.path:
        return False
    one, other = old.stat(follow_symlinks=False), new.stat(follow_symlinks=False)
    if (one.st_mode, one.st_uid, one.st_gid, one.st_rdev) != (other.st_mode, other.st_uid, other.st_gid, other.st_rdev):
        return True
    if stat.S_ISDIR(one.st_mode):
        return False
    if stat.S_ISLNK(one.st_mode):
        return os.readlink(old.path) != os.readlink(new.path)
    return (one.st_size, one.st_mtime_ns) != (other.st_size, other.st_mtime_ns)
