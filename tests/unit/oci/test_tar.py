"""tar headers, held against Python's tarfile and the `tar` of the system."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chub.errors import ChubError, DataLoss, Invalid
from chub.oci.members import Members, check
from chub.oci.tar import CHAIN_LIMIT, END, Entry, Kind, decode, encode, padding, printable

names = st.lists(
    st.binary(min_size=1, max_size=120).filter(lambda part: b"/" not in part and b"\0" not in part and part != b"."),
    min_size=1,
    max_size=4,
).map(b"/".join)
times = st.integers(-(10**18), 10**19)
entries = st.builds(
    Entry,
    name=names,
    kind=st.sampled_from(Kind),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 2**32 - 2),
    gid=st.integers(0, 2**32 - 2),
    mtime=times,
    xattrs=st.dictionaries(st.sampled_from([b"user.a", b"user.b", b"security.capability"]), st.binary(max_size=200)),
)


def reader(data: bytes) -> Callable[[int], bytes]:
    """A `read` over bytes."""
    return io.BytesIO(data).read


@given(entries, names, st.integers(0, 2**40))
@example(Entry(name=b"x" * 100, kind=Kind.FILE), b"y", 8 * 1024**3)
@example(Entry(name=b"x" * 101, kind=Kind.FILE), b"y", 8 * 1024**3 - 1)
def test_an_entry_is_read_as_it_was_written(entry: Entry, link: bytes, size: int) -> None:
    """Encoding and decoding are each other's reverse, for all names, numbers, times and attributes."""
    if entry.kind == Kind.FILE:
        entry = replace(entry, size=size)
    if entry.kind in (Kind.LINK, Kind.SYMLINK):
        entry = replace(entry, link=link)
    if entry.kind in (Kind.CHARACTER, Kind.BLOCK):
        entry = replace(entry, device=(5, 1))

    header = encode(entry)

    assert len(header) % 512 == 0
    assert entry == next(decode(reader(header)))


@given(entries)
def test_tarfile_reads_the_same(entry: Entry) -> None:
    """Python's tarfile sees what was meant."""
    with tarfile.open(fileobj=io.BytesIO(encode(entry) + END), encoding="utf-8", errors="surrogateescape") as archive:
        found = archive.getmembers()[0]

    assert entry.name.rstrip(b"/") == found.name.encode("utf-8", "surrogateescape").rstrip(b"/")
    assert (entry.mode, entry.uid, entry.gid) == (found.mode, found.uid, found.gid)
    assert entry.kind.encode() == found.type
    assert float(entry.mtime) / 1e9 == pytest.approx(found.mtime, abs=1e-3)


def member(name: str, **fields: object) -> tarfile.TarInfo:
    """A member for tarfile to write."""
    made = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["a", "d/" * 40 + "f", "ü/ö"])
def test_every_dialect_of_tarfile_is_read(format: int, name: str) -> None:
    """Prefixes of ustar, long names of GNU, pax: the same entry."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        archive.addfile(member(name, size=3, mode=0o640, uid=7, gid=8, mtime=9), io.BytesIO(b"abc"))
    read = reader(buffer.getvalue())

    found = next(decode(read))

    assert Entry(name=name.encode(), kind=Kind.FILE, mode=0o640, uid=7, gid=8, size=3, mtime=9 * 10**9) == found
    assert read(3) == b"abc"


@pytest.mark.parametrize("format", ["v7", "ustar", "gnu", "posix"])
def test_every_dialect_of_gnu_tar_is_read(tmp_path: Path, format: str) -> None:
    """The system's tar, with a file, a link to it and a directory."""
    tree = tmp_path / "tree"
    (tree / "d").mkdir(parents=True)
    (tree / "d/f").write_bytes(b"x" * 700)
    (tree / "d/l").symlink_to("f")
    (tree / "h").hardlink_to(tree / "d/f")
    data = subprocess.run(
        ["tar", f"--format={format}", "--sort=name", "-C", tree, "-c", "."], check=True, capture_output=True
    ).stdout
    read = reader(data)

    found = {}
    for entry in decode(read):
        found[entry.name] = (entry.kind, entry.link, entry.size)
        read(entry.size + padding(entry.size))

    assert found == {
        b".": (Kind.DIRECTORY, b"", 0),
        b"./d": (Kind.DIRECTORY, b"", 0),
        b"./d/f": (Kind.FILE, b"", 700),
        b"./d/l": (Kind.SYMLINK, b"f", 0),
        b"./h": (Kind.LINK, b"./d/f", 0),
    }


@given(st.binary(max_size=2000))
@example(b"\0" * 512)
@example(encode(Entry(name=b"a", kind=Kind.FILE))[:511])
def test_any_bytes_are_an_archive_or_an_error(data: bytes) -> None:
    """Nothing but chub's own errors, and never a loop."""
    try:
        for _ in decode(reader(data)):
            pass
    except ChubError:
        pass


@given(st.data())
def test_a_damaged_header_is_an_entry_or_an_error(data: st.DataObject) -> None:
    """The same for headers that are nearly right."""
    header = bytearray(encode(Entry(name=b"a" * 150, kind=Kind.FILE, mtime=1, xattrs={b"user.x": b"y"})) + END)
    for _ in range(data.draw(st.integers(1, 4))):
        header[data.draw(st.integers(0, len(header) - 1))] = data.draw(st.integers(0, 255))
    try:
        for _ in decode(reader(bytes(header))):
            pass
    except ChubError:
        pass


def test_a_device_that_cannot_be_written() -> None:
    """GNU's base 256 holds numbers that no header of ours, and no kernel, does."""
    with pytest.raises(Invalid, match="null: device 1:2147483648 is out of range"):
        encode(Entry(name=b"null", kind=Kind.CHARACTER, device=(1, 2**31)))


def test_an_archive_without_its_end_mark_is_cut_off() -> None:
    """A writer that died leaves no image of half a tree."""
    with pytest.raises(DataLoss, match="end mark"):
        list(decode(reader(encode(Entry(name=b"a", kind=Kind.DIRECTORY)))))


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_a_chain_of_headers_is_limited(kind: bytes) -> None:
    """One large header, and many small ones."""
    made = member("x", type=kind, size=CHAIN_LIMIT + 1)
    with pytest.raises(Invalid, match="headers before one entry"):
        list(decode(reader(made.tobuf(tarfile.USTAR_FORMAT))))

    small = member("x", type=kind, size=0).tobuf(tarfile.USTAR_FORMAT)
    with pytest.raises(Invalid, match="headers before one entry"):
        list(decode(reader(small * (CHAIN_LIMIT // 512 + 1))))


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive as tarfile writes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for info, data in members:
            opened.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def refused(data: bytes) -> str:
    """What is said of an archive that may not become a layer."""
    members = Members()
    read = reader(data)

    def admit_all() -> None:
        for entry in decode(read):
            members.admit(entry)
            read(entry.size + padding(entry.size))

    with pytest.raises(Invalid) as failure:
        admit_all()
    return str(failure.value)


DIRECTORY, SYMLINK, LINK = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize(
    ("members", "name", "why"),
    [
        ([member("/etc/passwd")], "/etc/passwd", "absolute"),
        ([member("a/../../b")], "a/../../b", ".."),
        ([member("..", type=DIRECTORY)], "..", ".."),
        ([member("a"), member("a")], "a", "twice"),
        ([member("a"), member("./a", type=DIRECTORY)], "a", "twice"),
        ([member("l", type=SYMLINK, linkname="/etc"), member("l/passwd")], "l/passwd", "no directory"),
        ([member("f"), member("f/x")], "f/x", "no directory"),
        ([member("h", type=LINK, linkname="nosuch")], "h", "no earlier file"),
        ([member("h", type=LINK, linkname="/etc/passwd")], "h", "absolute"),
        ([member("h", type=LINK, linkname="../x")], "h", ".."),
        ([member("d", type=DIRECTORY), member("h", type=LINK, linkname="d")], "h", "no earlier file"),
        ([member("d/.wh.x")], "d/.wh.x", "removed file"),
        ([member(".wh..wh..opq")], ".wh..wh..opq", "removed file"),
        ([member("dev/x", type=tarfile.CHRTYPE)], "dev/x", "0:0"),
        ([member("s", type=tarfile.GNUTYPE_SPARSE)], "s", "sparse"),
        ([member("m", type=b"M")], "m", "unknown kind"),
        ([member("x", pax_headers={"GNU.sparse.major": "1"})], "x", "sparse"),
        ([member("x", pax_headers={"mtime": "soon"})], "x", "no time"),
        ([member("x", pax_headers={"uid": "-1"})], "x", "no number"),
        ([member(".")], ".", "not a directory"),
        ([member("\x1b[31m/../x")], "\\x1b[31m/../x", ".."),
    ],
)
def test_what_may_not_stand_in_a_layer_is_refused_by_name(members: list[tarfile.TarInfo], name: str, why: str) -> None:
    """Each with the entry's name, printable, and the reason."""
    said = refused(archive(*((info, b"") for info in members)))

    assert name in said
    assert why in said


def test_what_does_no_harm_is_admitted() -> None:
    """Links that lead anywhere (they are resolved in the container), directories that stand twice, the root."""
    data = archive(
        (member("./", type=DIRECTORY), b""),
        (member("./bin", type=SYMLINK, linkname="usr/bin"), b""),
        (member("./etc", type=DIRECTORY), b""),
        (member("etc", type=DIRECTORY, mode=0o700), b""),
        (member("etc/abs", type=SYMLINK, linkname="/../../x"), b""),
        (member("usr/bin/deep"), b""),
        (member("same", type=LINK, linkname="./usr/bin/deep"), b""),
    )
    members = Members()

    found = [entry.name for entry in map(members.admit, decode(reader(data))) if entry]

    assert found == [b"bin", b"etc", b"etc", b"etc/abs", b"usr/bin/deep", b"same"]


def test_a_global_header_may_not_name_all_entries() -> None:
    """Comments and times for all are fine; one name or size for all is an attack."""
    comment = tarfile.TarInfo.create_pax_global_header({"comment": "x", "mtime": "5"})
    assert next(decode(reader(comment + archive((member("a"), b""))))).mtime == 5 * 10**9

    path = tarfile.TarInfo.create_pax_global_header({"path": "x"})
    with pytest.raises(Invalid, match="global"):
        list(decode(reader(path + END)))


def test_a_directory_tree_is_checked_for_marks_of_overlayfs_too() -> None:
    """What is no whiteout passes."""
    check(Entry(name=b"a.wh.x", kind=Kind.FILE))
    check(Entry(name=b"dev/null", kind=Kind.CHARACTER, device=(1, 3)))
    check(Entry(name=b"dev/b", kind=Kind.BLOCK, device=(0, 0)))

    with pytest.raises(Invalid, match=r"d/\.wh\.x"):
        check(Entry(name=b"d/.wh.x", kind=Kind.DIRECTORY))


def test_an_attribute_that_tar_cannot_name_is_refused() -> None:
    """``=`` ends a name in pax."""
    with pytest.raises(Invalid, match=r"user\.a=b"):
        encode(Entry(name=b"f", kind=Kind.FILE, xattrs={b"user.a=b": b""}))


def test_names_in_messages_drive_no_terminal() -> None:
    """Neither control characters nor bytes that are no text."""
    assert printable(b"a\x1b[31m\xff\n") == r"a\x1b[31m\xff\n"
