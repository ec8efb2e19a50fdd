"""A tar archive from anywhere as the layer it becomes: checked, its headers written anew, its order kept.

Owner names, access times and headers' dialects are gone afterwards; names, kinds, modes, owners' numbers,
times, links, devices, extended attributes and content are what they were. The archive may be compressed
with gzip, bzip2, xz or zstd.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from chub.core.pack import CHUNK, Chunks, Contents
from chub.errors import DataLoss, Unsupported
from chub.oci.members import Members
from chub.oci.tar import END, Entry, Kind, decode, encode, padding, printable

DRAIN = 1 << 20  # bytes read after the end mark, so that who writes the archive is not killed by a broken pipe
_MAGIC = 6  # bytes


class Reader(Protocol):
    """What gives bytes: fewer than asked for only at the end, or when none are there yet."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes."""


class ArchivePacker:
    """Reads an archive into a layer."""

    def __init__(self, source: Reader) -> None:
        self.contents = Contents()
        self._source = source
        self._out = Chunks()
        self._xattrs: dict[bytes, dict[bytes, bytes]] = {}  # of files that have any: a hard link needs them again

    def chunks(self) -> Iterator[bytes]:
        """The layer, as the archive is read. Invalid, with the entry's name, for what may not stand in it."""
        members = Members()
        read = plain(self._source)
        for found in decode(read):
            entry = members.admit(found)
            if entry is not None:
                entry = self._attributes(entry)
                self.contents.count(entry)
                self._out.add(encode(entry))
                yield from self._copy(read, entry)
        read(DRAIN)
        self._out.add(END)
        yield from self._out.last()

    def _attributes(self, entry: Entry) -> Entry:
        """With the extended attributes that a layer keeps; those of a hard link are its target's."""
        if entry.kind == Kind.LINK:
            return replace(entry, xattrs=self._xattrs.get(entry.link, {}))
        if not entry.xattrs:
            return entry
        kept = self.contents.kept({os.fsdecode(name): value for name, value in entry.xattrs.items()})
        if kept:
            self._xattrs[entry.name] = kept
        return replace(entry, xattrs=kept)

    def _copy(self, read: Callable[[int], bytes], entry: Entry) -> Iterator[bytes]:
        left = entry.size
        while left:
            data = read(min(left, CHUNK))
            if not data:
                raise DataLoss(f"{printable(entry.name)}: the archive ends within this file", hint="is it cut off?")
            if left == entry.size:
                self.contents.look(entry, data)
            self._out.add(data)
            left -= len(data)
            yield from self._out.taken()
        if len(read(padding(entry.size))) < padding(entry.size):
            raise DataLoss(f"{printable(entry.name)}: the archive ends after this file", hint="is it cut off?")
        self._out.add(bytes(padding(entry.size)))
        yield from self._out.taken()


def plain(source: Reader) -> Callable[[int], bytes]:
    """A function that reads n bytes of the archive, decompressed if need be; fewer only at the end.

    It raises DataLoss for damaged input. Unsupported for a compression that this Python does not know.
    """
    start = exactly(source, _MAGIC)
    stream, damage = _opened(start, _Ahead(start, source))

    def read(size: int) -> bytes:
        try:
            return exactly(stream, size)
        except (EOFError, OSError, damage) as failure:
            raise DataLoss(f"the archive cannot be read: {failure}") from failure

    return read


def exactly(source: Reader, size: int) -> bytes:
    """So many bytes, fewer only at the end."""
    data = source.read(size)
    if len(data) == size or not data:
        return data
    parts, missing = [data], size - len(data)
    while missing and (data := source.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def _opened(start: bytes, ahead: _Ahead) -> tuple[Reader, type[Exception]]:
    """The decompressed stream, by its first bytes, and what it raises for damaged ones."""
    if start.startswith(b"\x1f\x8b"):
        import gzip
        import zlib

        return gzip.GzipFile(fileobj=ahead, mode="rb"), zlib.error  # type: ignore[call-overload]  # only read is used
    if start.startswith(b"BZh"):
        import bz2

        return bz2.BZ2File(ahead), ValueError  # type: ignore[call-overload]
    if start.startswith(b"\xfd7zXZ\0"):
        import lzma

        return lzma.LZMAFile(ahead), lzma.LZMAError  # type: ignore[arg-type]
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd(ahead)
    return ahead, ValueError


def _zstd(ahead: _Ahead) -> tuple[Reader, type[Exception]]:
    from importlib import import_module

    for name in ("compression.zstd", "backports.zstd"):  # Python 3.14 has it, before that a package
        try:
            module = import_module(name)
        except ModuleNotFoundError:
            continue
        return module.ZstdFile(ahead), module.ZstdError
    raise Unsupported(
        "an archive compressed with zstd needs Python 3.14 or the package backports.zstd",
        hint="pip install 'chub[zstd]', or: zstd -dc ARCHIVE | chub rootfs import -",
    )


class _Ahead:
    """A source of which the first bytes have been read already."""

    def __init__(self, start: bytes, source: Reader) -> None:
        self._start = start
        self._source = source

    def read(self, size: int, /) -> bytes:
        if self._start:
            data, self._start = self._start[:size], self._start[size:]
            return data
        return self._source.read(size)
