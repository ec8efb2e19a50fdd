"""Archives, as `rootfs import` takes them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from hypothesis import strategies as st

from chub.core.archive import ArchivePacker
from chub.errors import ChubError
from chub.oci.tar import Entry, Kind, decode, encode, padding
from tests.fuzz.conftest import Fuzz
from tests.fuzz.strategies import HUGE, damaged

LIMIT = 1 << 20  # bytes of a layer that are looked at: an entry's size may promise any number


def archive(form: int) -> bytes:
    """A small archive of every kind of entry in one of the dialects."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=form) as tar:
        for name, kind in (
            ("d", tarfile.DIRTYPE),
            ("d/f", tarfile.REGTYPE),
            ("l", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mtime = kind, "d/f", 1764000000
            member.size = 3 if kind == tarfile.REGTYPE else 0
            member.pax_headers = {"SCHILY.xattr.user.a": "b"} if form == tarfile.PAX_FORMAT else {}
            tar.addfile(member, io.BytesIO(b"abc"))
        member = tarfile.TarInfo("long/" * 40 + "é")
        tar.addfile(member)
        member.name, member.type, member.devmajor, member.devminor = "c", tarfile.CHRTYPE, 1, 3
        tar.addfile(member)
    return data.getvalue()


def sealed(data: bytes) -> bytes:
    """Every header's checksum made right again: most damage is to get past it."""
    blocks = [data[place : place + 512] for place in range(0, len(data), 512)]
    return b"".join(map(_sealed, blocks))


def _sealed(block: bytes) -> bytes:
    if len(block) < 512 or block[257:262] != b"ustar":
        return block
    total = sum(block[:148]) + sum(block[156:]) + 8 * 32
    return block[:148] + b"%06o\0 " % total + block[156:]


PLAIN = [archive(form) for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)]
ZSTD = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
PACKED = [pack(PLAIN[0]) for pack in (gzip.compress, bz2.compress, lzma.compress, ZSTD.compress)]
numbers = st.integers(0, 0o7777777) | st.sampled_from([each for each in HUGE if 0 <= each < 2**63])
names = st.binary(min_size=1, max_size=200).filter(lambda name: b"\0" not in name and not name.endswith(b"/"))


def packed(data: bytes) -> bytes:
    """The layer that an archive becomes; its first bytes, where it has many."""
    found = b""
    for chunk in ArchivePacker(io.BytesIO(data)).chunks():
        found += chunk
        if len(found) > LIMIT:
            break
    return found


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_archives(fuzz: Fuzz) -> None:
    """An archive is refused, or becomes a layer that tarfile reads, and that is its own layer."""

    @fuzz(damaged(PLAIN).map(sealed) | damaged(PLAIN) | damaged(PACKED) | st.binary(max_size=1200))
    def _(data: bytes) -> None:
        try:
            layer = packed(data)
        except ChubError:
            return
        if len(layer) <= LIMIT:
            assert packed(layer) == layer
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                assert len(tar.getmembers()) == len(list(entries(layer)))


def test_entries(fuzz: Fuzz) -> None:
    """An entry that is written is read as the same."""
    made = st.builds(
        Entry,
        name=names,
        kind=st.sampled_from(Kind),
        mode=st.integers(0, 0o7777),
        uid=numbers,
        gid=numbers,
        size=numbers,
        mtime=st.integers(-(2**62), 2**62),
        link=names,
        device=st.tuples(numbers, numbers),
        xattrs=st.dictionaries(st.binary(min_size=1, max_size=9), st.binary(max_size=9), max_size=2),
    )

    @fuzz(made)
    def _(entry: Entry) -> None:
        try:
            header = encode(entry)
        except ChubError:
            return
        assert len(header) % 512 == 0
        (found,) = decode(reader(header + bytes(1024)))
        assert (found.name, found.kind, found.mode, found.uid, found.gid, found.mtime, found.xattrs) == (
            *(entry.name, entry.kind, entry.mode, entry.uid, entry.gid, entry.mtime, entry.xattrs),
        )


def entries(layer: bytes) -> Iterator[Entry]:
    """What is in an archive."""
    read = reader(layer)
    for entry in decode(read):
        yield entry
        read(entry.size + padding(entry.size))


def reader(data: bytes) -> Callable[[int], bytes]:
    """A function that reads these bytes."""
    return io.BytesIO(data).read
