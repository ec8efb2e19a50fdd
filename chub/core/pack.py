"""A root filesystem as the one layer it becomes: a tar stream whose bytes depend on the tree alone.

The entries of a folder come before those of the folders in it, in the order of the names' bytes; headers
are written as `chub.oci.tar` writes them. Not in the layer: the root directory itself (engines give it
their own), sockets, extended attributes other than ``user.*``, capabilities and ACLs.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from chub.core.tree import Folder, Survey, Tree, changed
from chub.oci import members, platforms
from chub.oci.tar import END, Entry, Kind, encode, padding, printable

CHUNK = 1 << 20  # bytes
ZEROS = bytes(CHUNK)
_KEPT = ("security.capability", "system.posix_acl_access", "system.posix_acl_default")
_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHARACTER,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFIFO: Kind.FIFO,
}


class Chunks:
    """Puts pieces of any size together to chunks of 1 MiB."""

    def __init__(self) -> None:
        self._ready: list[bytes] = []
        self._parts: list[bytes | memoryview] = []
        self.room = CHUNK  # bytes until the chunk is full; never 0

    def add(self, data: bytes | memoryview) -> None:
        """Take a piece."""
        while len(data) >= self.room:
            view = memoryview(data)
            self._parts.append(view[: self.room])
            data = view[self.room :]
            self._close()
        if data:
            self._parts.append(data)
            self.room -= len(data)

    def zeros(self, count: int) -> Iterator[bytes]:
        """Take so many zero bytes."""
        while count:
            piece = memoryview(ZEROS)[: min(count, CHUNK)]
            self.add(piece)
            count -= len(piece)
            yield from self.taken()

    def taken(self) -> Iterator[bytes]:
        """The full chunks; each is given out once."""
        while self._ready:
            yield self._ready.pop(0)

    def last(self) -> Iterator[bytes]:
        """What is left, at the end."""
        self._close()
        yield from self.taken()

    def _close(self) -> None:
        if self._parts:
            self._ready.append(b"".join(self._parts))
        self._parts.clear()
        self.room = CHUNK


@dataclass(slots=True)
class Contents:
    """What a layer holds, and what was left out of it."""

    entries: int = 0
    newest: int = 0  # the latest mtime, nanoseconds
    machines: Counter[str] = field(default_factory=Counter)  # architectures of executables
    sockets: list[str] = field(default_factory=list)  # their names
    left_out: Counter[str] = field(default_factory=Counter)  # extended attributes: name → how many

    def architecture(self) -> str | None:
        """That of most executables."""
        return min(self.machines, key=lambda name: (-self.machines[name], name), default=None)

    def count(self, entry: Entry) -> None:
        """Count an entry in."""
        self.entries += 1
        self.newest = max(self.newest, entry.mtime)

    def look(self, entry: Entry, start: bytes | memoryview) -> None:
        """Take note of an executable by the first bytes of a file."""
        if entry.mode & 0o111 and (machine := platforms.architecture_of(bytes(start[: platforms.ELF_HEADER]))):
            self.machines[machine] += 1

    def kept(self, xattrs: Mapping[str, bytes]) -> dict[bytes, bytes]:
        """Those extended attributes that a layer holds; the others are counted."""
        kept = {}
        for name, value in xattrs.items():
            if name.startswith("user.") or name in _KEPT:
                kept[os.fsencode(name)] = value
            else:
                self.left_out[name] += 1
        return kept


class TreePacker:
    """Reads a tree into a layer.

    Entries changed since ``recent`` (nanoseconds) go into a digest of their own, too, `fresh`: a later change
    of theirs may leave their times as they are. With ``only_recent`` nothing else is read.
    """

    def __init__(
        self,
        tree: Tree,
        *,
        recent: int = 1 << 63,
        only_recent: bool = False,
    ) -> None:
        self.contents = Contents()
        self.survey = Survey()
        self.since = recent
        self.lately = 0  # how many entries changed since then
        self._tree = tree
        self._out = Chunks()
        self._only_recent = only_recent
        self._fresh = hashlib.sha256()
        self._first: dict[tuple[int, int], Entry] = {}  # files of several names, by device and inode

    @property
    def fresh(self) -> str:
        """The digest of the entries that changed lately, headers and all."""
        return self._fresh.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """The layer, as it is read. DataLoss when the tree is not, at the end, what it was meanwhile."""
        for folder in self._tree.folders():
            self.survey.add(folder)
            for name, status in folder.entries:
                fresh = status.st_ctime_ns >= self.since
                self.lately += fresh
                if fresh or not self._only_recent:
                    yield from self._pack(folder, name, status, fresh)
        self._out.add(END)
        yield from self._out.last()
        difference = self.survey.difference(self._tree.survey())
        if difference is not None:
            raise changed(difference)

    def _pack(self, folder: Folder, name: str, status: os.stat_result, fresh: bool) -> Iterator[bytes]:
        path = folder.path + os.fsencode(name)
        if stat.S_ISSOCK(status.st_mode):
            self.contents.sockets.append(printable(path))
            return
        kind = _KINDS[stat.S_IFMT(status.st_mode)]
        if first := self._first.get((status.st_dev, status.st_ino)):
            self._add(replace(first, name=path, kind=Kind.LINK, size=0, link=first.name), fresh)
        elif kind == Kind.FILE:
            with self._tree.file(folder, name, path, status) as fd:
                entry = self._entry(kind, path, status, self._tree.xattrs(fd, path))
                self._add(entry, fresh)
                yield from self._copy(fd, entry, status, fresh)
        else:
            link = self._tree.link(folder, name, path) if kind == Kind.SYMLINK else b""
            xattrs = self._tree.xattrs(f"/proc/self/fd/{folder.fd}/{name}", path)
            self._add(self._entry(kind, path, status, xattrs, link), fresh)
        yield from self._out.taken()

    def _entry(
        self, kind: Kind, path: bytes, status: os.stat_result, xattrs: Mapping[str, bytes], link: bytes = b""
    ) -> Entry:
        device = kind in (Kind.CHARACTER, Kind.BLOCK)
        entry = Entry(
            name=path,
            kind=kind,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            size=status.st_size if kind == Kind.FILE else 0,
            mtime=status.st_mtime_ns,
            link=link,
            device=(os.major(status.st_rdev), os.minor(status.st_rdev)) if device else (0, 0),
            xattrs=self.contents.kept(xattrs),
        )
        members.check(entry)
        if status.st_nlink > 1 and kind != Kind.DIRECTORY:
            self._first[status.st_dev, status.st_ino] = entry
        return entry

    def _add(self, entry: Entry, fresh: bool) -> None:
        self.contents.count(entry)
        header = encode(entry)
        self._out.add(header)
        if fresh:
            self._fresh.update(header)

    def _copy(self, fd: int, entry: Entry, status: os.stat_result, fresh: bool) -> Iterator[bytes]:
        """The bytes of a file; those of its holes are not read."""
        place = 0
        for start, end in _data(fd, status):
            yield from self._out.zeros(start - place)
            place = start
            while place < end:
                with self._tree.reading(entry.name):
                    data = os.pread(fd, min(end - place, self._out.room), place)
                if not data:
                    raise changed(entry.name)
                if place == 0:
                    self.contents.look(entry, data)
                if fresh:
                    self._fresh.update(data)
                self._out.add(data)
                place += len(data)
                yield from self._out.taken()
        yield from self._out.zeros(entry.size - place + padding(entry.size))


def _data(fd: int, status: os.stat_result) -> Iterator[tuple[int, int]]:
    """Where a file has bytes, as (start, end)."""
    if status.st_blocks * 512 >= status.st_size:
        yield 0, status.st_size
        return
    end = 0
    while end < status.st_size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as failure:
            if failure.errno == errno.ENXIO:  # nothing but a hole is left
                return
            raise
        end = min(os.lseek(fd, start, os.SEEK_HOLE), status.st_size)
        yield start, end
