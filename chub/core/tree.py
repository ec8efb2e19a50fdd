"""A directory tree as it is read for a layer: in a fixed order, no link followed, changes noticed.

Folders come one by one, a folder before what is in it; its entries are in the order of their names' bytes.
Every name is opened relative to its folder's descriptor, so that nothing which is moved or swapped
meanwhile leads out of the tree: what is not found as it was seen a moment before is an error.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chub.core.view import View, open_view
from chub.errors import ChubError, DataLoss, Invalid, PermissionDenied
from chub.oci.tar import printable
from chub.records import record

DEPTH = 512  # folders in folders; each holds a descriptor while it is read
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@record
class Folder:
    """One directory of the tree, open while it is the newest one given out or one of those above."""

    path: bytes  # relative to the root, with a slash at the end; the root's is empty
    fd: int
    entries: tuple[tuple[str, os.stat_result], ...]  # by name


@dataclass(slots=True)
class Survey:
    """What a tree looked like: a mark per folder, made of the name, inode, size and times of all in it."""

    entries: int = 0
    size: int = 0  # bytes of the files
    newest: int = 0  # the latest change (ctime), nanoseconds
    marks: dict[bytes, bytes] = field(default_factory=dict)

    def add(self, folder: Folder) -> None:
        """Count a folder in."""
        lines = []
        for name, status in folder.entries:
            lines.append("{}\0{} {} {} {} {}".format(name, *marks(status)))
            if stat.S_ISREG(status.st_mode):
                self.size += status.st_size
            self.newest = max(self.newest, status.st_ctime_ns)
        self.entries += len(folder.entries)
        self.marks[folder.path] = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).digest()

    @property
    def fingerprint(self) -> str:
        """One text that differs when anything in the tree does."""
        total = hashlib.sha256()
        for path, mark in self.marks.items():
            total.update(path + b"\0" + mark)
        return total.hexdigest()

    def difference(self, other: Survey) -> bytes | None:
        """A folder that is not the same in the other survey, None when all are."""
        if self.marks == other.marks:
            return None
        paths = self.marks.keys() | other.marks.keys()
        return min(path for path in paths if self.marks.get(path) != other.marks.get(path))


class Tree:
    """An open directory tree."""

    def __init__(self, directory: Path, view: View) -> None:
        self.directory = directory
        self.guarded = view.guarded
        self.mounted = view.mounted
        self._root = view.fd
        self._noatime = 0 if view.guarded else os.O_NOATIME

    def folders(self) -> Iterator[Folder]:
        """All folders, each before those in it."""
        with self._opened(".", self._root, b"", _FOLDER) as fd:
            yield from self._below(fd, b"", DEPTH)

    def survey(self) -> Survey:
        """Look at everything, read nothing."""
        survey = Survey()
        for folder in self.folders():
            survey.add(folder)
        return survey

    @contextmanager
    def file(self, folder: Folder, name: str, path: bytes, status: os.stat_result) -> Iterator[int]:
        """A regular file's descriptor. DataLoss if it is not, to the end of the block, as its status says."""
        with self._opened(name, folder.fd, path, _FILE) as fd:
            yield fd
            if marks(os.fstat(fd)) != marks(status):
                raise changed(path)

    def link(self, folder: Folder, name: str, path: bytes) -> bytes:
        """The target of a symbolic link."""
        with self.reading(path):
            return os.fsencode(os.readlink(name, dir_fd=folder.fd))

    def xattrs(self, at: int | str, path: bytes) -> Mapping[str, bytes]:
        """All extended attributes of an open file, or of what stands at a place and is none."""
        follow = isinstance(at, int)
        with self.reading(path):
            try:
                names = os.listxattr(at, follow_symlinks=follow)
                return {name: os.getxattr(at, name, follow_symlinks=follow) for name in names} if names else {}
            except OSError as failure:
                if failure.errno == errno.ENOTSUP:
                    return {}
                raise

    def _below(self, fd: int, path: bytes, depth: int) -> Iterator[Folder]:
        if not depth:
            raise Invalid(f"{printable(path)}: more than {DEPTH} directories deep")
        with self.reading(path):
            names = sorted(os.listdir(fd), key=os.fsencode)
            folder = Folder(
                path=path,
                fd=fd,
                entries=tuple((name, os.stat(name, dir_fd=fd, follow_symlinks=False)) for name in names),
            )
        yield folder
        for name, status in folder.entries:
            if stat.S_ISDIR(status.st_mode):
                below = path + os.fsencode(name) + b"/"
                with self._opened(name, fd, below, _FOLDER) as inner:
                    if marks(os.fstat(inner)) != marks(status):
                        raise changed(below)
                    yield from self._below(inner, below, depth - 1)

    @contextmanager
    def _opened(self, name: str, folder: int, path: bytes, flags: int) -> Iterator[int]:
        with self.reading(path):
            try:
                fd = os.open(name, flags | self._noatime, dir_fd=folder)
            except PermissionError:
                if not self._noatime:
                    raise
                fd = os.open(name, flags, dir_fd=folder)  # somebody else's file: only its owner may use O_NOATIME
        try:
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def reading(self, path: bytes) -> Iterator[None]:
        """Report what the system says of an entry with the entry's name."""
        try:
            yield
        except OSError as failure:
            raise self._error(failure, path) from failure

    def _error(self, failure: OSError, path: bytes) -> ChubError:
        what = f"{self.directory}: {printable(path) or '.'}"
        if failure.errno in (errno.EACCES, errno.EPERM):
            return PermissionDenied(f"{what}: permission denied", hint="run it as root (sudo)")
        if failure.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EAGAIN, errno.ESPIPE):
            return changed(path)
        return DataLoss(f"{what}: {failure.strerror}")


@contextmanager
def open_tree(directory: Path) -> Iterator[Tree]:
    """Open a directory tree for reading; errors as `open_view` says."""
    view = open_view(directory)
    try:
        yield Tree(directory, view)
    finally:
        os.close(view.fd)


def marks(status: os.stat_result) -> tuple[int, ...]:
    """What tells whether an entry is still the same and unchanged."""
    return (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def changed(path: bytes) -> DataLoss:
    """The error for a tree that is not what it was a moment ago."""
    return DataLoss(
        f"{printable(path.rstrip(b'/')) or '.'} changed while the tree was read",
        hint="stop what writes there and try again",
    )
