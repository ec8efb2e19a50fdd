"""Trees and archives as layers, held against the system's tar."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from chub.core.archive import ArchivePacker
from chub.core.fingerprints import Memory, recent
from chub.core.pack import TreePacker
from chub.core.tree import open_tree
from chub.errors import DataLoss, Invalid, NotFound, Unsupported
from tests.support.engines import unavailable
from tests.support.trees import NET_RAW, access_times, age, rich


def layer(tree: Path) -> bytes:
    """The layer of a tree."""
    with open_tree(tree) as opened:
        return b"".join(TreePacker(opened).chunks())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with everything in it."""
    return rich(tmp_path / "tree")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A small tree that any user can make: two large files, a directory, a link."""
    made = tmp_path / "plain"
    (made / "d").mkdir(parents=True)
    (made / "a").write_bytes(os.urandom(3 << 20))
    (made / "b").write_bytes(os.urandom(3 << 20))
    (made / "d/f").write_text("f")
    (made / "d/l").symlink_to("f")
    age(made)
    return made


def test_the_systems_tar_finds_no_difference(tree: Path, tmp_path: Path) -> None:
    """What GNU tar reads in the layer is what is in the directory, attributes too."""
    written = tmp_path / "layer.tar"
    written.write_bytes(layer(tree))
    (tree / "dev/socket").unlink()
    compared = subprocess.run(
        ["tar", "--compare", "--xattrs", "--xattrs-include=*", "-f", written, "-C", tree],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (compared.stdout + compared.stderr, compared.returncode) == ("", 0)


def test_all_that_a_layer_can_hold_is_in_it(tree: Path) -> None:
    """Times to the nanosecond, owners over 21 bits, capabilities on both names of a file, names of any bytes."""
    with open_tree(tree) as opened:
        packer = TreePacker(opened)
        data = b"".join(packer.chunks())
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        members = {member.name: member for member in archive}

    ping, ping6, shadow = members["bin/ping"], members["bin/ping6"], members["etc/shadow"]
    assert (ping.type, ping6.type, ping6.linkname) == (tarfile.REGTYPE, tarfile.LNKTYPE, "bin/ping")
    capability = NET_RAW.decode("utf-8", "surrogateescape")
    for member in (ping, ping6):
        assert (member.mode, member.gid) == (0o4750, 1234)
        assert capability == member.pax_headers["SCHILY.xattr.security.capability"]
    assert (shadow.uid, shadow.gid, shadow.mode & 0o7777) == (3_000_000, 3_000_001, 0o640)
    assert shadow.pax_headers["SCHILY.xattr.user.note"] == "zero\0byte"
    assert not [header for header in shadow.pax_headers if "trusted" in header]
    nanoseconds = (tree / "etc/shadow").lstat().st_mtime_ns
    assert f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}".rstrip("0") == shadow.pax_headers["mtime"]
    null, loop, fifo, link = (members[name] for name in ("dev/null", "dev/loop", "dev/fifo", "bin/sh"))
    assert (null.type, null.devmajor, null.devminor) == (tarfile.CHRTYPE, 1, 3)
    assert (loop.type, loop.devmajor, loop.devminor) == (tarfile.BLKTYPE, 7, 200)
    assert (fifo.type, link.type, link.linkname) == (tarfile.FIFOTYPE, tarfile.SYMTYPE, "/bin/ping")
    assert members["var/deep/er/sticky"].mode == 0o1777
    assert os.fsdecode(b"etc/\xff\xfe") in members
    assert not {"dev/socket", "", "."} & members.keys()
    assert packer.contents.sockets == ["dev/socket"]
    assert packer.contents.left_out == {"trusted.secret": 1}


def test_the_same_tree_gives_the_same_bytes_anywhere(tree: Path, tmp_path: Path) -> None:
    """Inodes, devices, order in the directory and owners' names do not matter; the root's own mode neither."""
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    for name in sorted(os.listdir(tree), reverse=True):
        subprocess.run(["cp", "-a", tree / name, copy], check=True)
    for directory in (tree, copy):
        (directory / "dev/socket").unlink()
        os.utime(directory / "dev", ns=(0, 10**18))

    assert layer(tree) == layer(copy)


def test_the_order_is_that_of_the_names_bytes(plain: Path) -> None:
    """A folder's entries before those of the folders in it."""
    (plain / "B").write_text("")
    (plain / "d.x").mkdir()
    (plain / "d.x/y").write_text("")
    with tarfile.open(fileobj=io.BytesIO(layer(plain))) as archive:
        names = archive.getnames()

    assert names == ["B", "a", "b", "d", "d.x", "d/f", "d/l", "d.x/y"]


def test_access_times_stay(tree: Path) -> None:
    """Of files, directories and links, though all are read and all are older than the modification times."""
    before = access_times(tree)
    layer(tree)

    assert before == access_times(tree)


def test_holes_are_not_read(tmp_path: Path) -> None:
    """A file of 64 MiB with three blocks of data costs no more reading than those."""
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "sparse").open("wb") as file:
        for place in (0, 20 << 20, (64 << 20) - 4096):
            file.seek(place)
            file.write(b"x" * 4096)
    content = (tree / "sparse").read_bytes()
    before = _bytes_read()
    data = layer(tree)
    read = _bytes_read() - before

    assert read < 1 << 20
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        extracted = archive.extractfile("sparse")
        assert extracted is not None
        assert content == extracted.read()


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def grow(tree: Path) -> None:
    """Write at the end of a file."""
    with (tree / "a").open("ab") as file:
        file.write(b"more")


def rewrite(tree: Path) -> None:
    """Other bytes in a file, its size and modification time as they were."""
    status = (tree / "b").stat()
    (tree / "b").write_bytes(b"z" * (3 << 20))
    os.utime(tree / "b", ns=(status.st_atime_ns, status.st_mtime_ns))


def swap_directory(tree: Path) -> None:
    """A link out of the tree where a directory was."""
    (tree / "d").rename(tree.parent / "d")
    (tree / "d").symlink_to("/etc")


def swap_file(tree: Path) -> None:
    """A link out of the tree where a file was."""
    (tree / "b").unlink()
    (tree / "b").symlink_to("/etc/passwd")


def make_fifo(tree: Path) -> None:
    """A FIFO where a file was: opening it may wait for ever."""
    (tree / "b").unlink()
    os.mkfifo(tree / "b")


CHANGES: list[Callable[[Path], object]] = [
    grow,
    rewrite,
    swap_directory,
    swap_file,
    make_fifo,
    lambda tree: os.truncate(tree / "a", 2 << 20),
    lambda tree: (tree / "b").unlink(),
    lambda tree: (tree / "new").write_text("new"),
    lambda tree: (tree / "d/new").write_text("new"),
    lambda tree: (tree / "a").chmod(0o600),
    lambda tree: shutil.rmtree(tree / "d"),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", [1, 4, 6])
def test_a_tree_that_changes_is_an_error(plain: Path, change: Callable[[Path], object], when: int) -> None:
    """Whatever changes, whenever: never a layer of two states, and never anything from outside the tree."""
    with open_tree(plain) as opened:
        chunks = TreePacker(opened).chunks()
        data = [next(chunks) for _ in range(when)]
        change(plain)
        with pytest.raises(DataLoss, match="changed while the tree was read"):
            data.extend(chunks)

    assert Path("/etc/passwd").read_bytes() not in b"".join(data)


def test_a_whiteout_is_refused_by_name(plain: Path) -> None:
    """It would vanish in the snapshot, and take another file with it."""
    (plain / "d/.wh.f").write_text("")

    with pytest.raises(Invalid, match=r"^d/\.wh\.f: "):
        layer(plain)


def test_what_overlayfs_takes_for_a_removed_file_is_refused_by_name(tree: Path) -> None:
    """A character device 0:0."""
    os.mknod(tree / "dev/gone", 0o20600, os.makedev(0, 0))

    with pytest.raises(Invalid, match=r"^dev/gone: "):
        layer(tree)


def test_a_directory_deeper_than_a_path_is_refused(tmp_path: Path) -> None:
    """Its files could be named nowhere; before that, descriptors would run out."""
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(520):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)

    with pytest.raises(Invalid, match="directories deep"):
        layer(tmp_path)
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


def test_what_cannot_be_opened_says_so(plain: Path) -> None:
    """Missing, or no directory."""
    with pytest.raises(NotFound, match="no such directory"):
        layer(plain / "nosuch")
    with pytest.raises(Invalid, match="not a directory"):
        layer(plain / "a")


def test_what_is_mounted_below_is_not_part_of_it(tree: Path) -> None:
    """The directory underneath is: no /proc of this host in an image."""
    (tree / "empty/underneath").write_text("u")
    subprocess.run(["mount", "-t", "tmpfs", "none", tree / "empty"], check=True)
    try:
        (tree / "empty/above").write_text("a")
        with open_tree(tree) as opened:
            data = b"".join(TreePacker(opened).chunks())
            assert opened.mounted == ("empty",)
    finally:
        subprocess.run(["umount", tree / "empty"], check=True)

    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        assert "empty/underneath" in archive.getnames()
        assert "empty/above" not in archive.getnames()


def as_nobody(tree: Path, code: str) -> str:
    """What Python code prints when it is run without privileges; its modules are imported before."""
    if os.geteuid() != 0:
        unavailable("becoming another user needs root")
    prepared = "\n".join(
        (
            "import os, sys, ctypes, hashlib",
            "from pathlib import Path",
            "from chub.core import view, pack, tree, archive",
            "from chub.errors import ChubError",
            f"directory = Path({str(tree)!r})",
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)",
            code,
        )
    )
    for parent in [tree, *tree.parents]:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(0o755)
    return subprocess.run([sys.executable, "-c", prepared], check=True, capture_output=True, text=True).stdout


READ = """
try:
    with tree.open_tree(directory) as opened:
        data = b"".join(pack.TreePacker(opened).chunks())
        print(opened.guarded, hashlib.sha256(data).hexdigest())
except ChubError as failure:
    print(type(failure).__name__, failure)
"""


def test_a_user_without_privileges_reads_the_same(plain: Path) -> None:
    """Only that access times stay cannot be promised then; it is told."""
    assert f"False {hashlib.sha256(layer(plain)).hexdigest()}\n" == as_nobody(plain, READ)


def test_a_file_that_may_not_be_read_is_named(plain: Path) -> None:
    """And nothing is left out silently."""
    (plain / "d/f").chmod(0o600)

    assert f"PermissionDenied {plain}: d/f: permission denied\n" == as_nobody(plain, READ)


def test_without_privileges_a_tree_with_mounts_is_refused(plain: Path) -> None:
    """They cannot be looked behind."""
    if os.geteuid() != 0:
        unavailable("mounting needs root")
    subprocess.run(["mount", "-t", "tmpfs", "none", plain / "d"], check=True)
    try:
        said = as_nobody(plain, READ)
    finally:
        subprocess.run(["umount", plain / "d"], check=True)

    assert f"Conflict {plain}: file systems are mounted in it: d\n" == said


@contextmanager
def remembered(tree: Path, state: Path) -> Iterator[Memory]:
    """What is known of a tree that was just imported."""
    memory = Memory(state, tree, "overlayfs")
    with open_tree(tree) as opened:
        packer = TreePacker(opened, recent=recent())
        for _ in packer.chunks():
            pass
        memory.keep(packer, "sha256:x", "amd64", datetime(2024, 1, 1, tzinfo=UTC))
    yield memory


def holds(memory: Memory, tree: Path) -> bool:
    """Is the tree what is remembered?"""
    known = memory.recall()
    assert known is not None
    with open_tree(tree) as opened:
        return memory.holds(known, opened)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_tree_is_noticed(plain: Path, tmp_path: Path, change: Callable[[Path], object]) -> None:
    """Whatever changed, without reading a file."""
    with remembered(plain, tmp_path / "state") as memory:
        assert holds(memory, plain)
        change(plain)
        assert not holds(memory, plain)


def test_what_changed_just_before_is_read_again(plain: Path, tmp_path: Path) -> None:
    """Times and size may be as they were though the content is not: as if the clock had not moved in between."""
    with remembered(plain, tmp_path / "state") as memory:
        rewrite(plain)
        with open_tree(plain) as opened:
            now = opened.survey().fingerprint
        known = memory.recall()
        assert known is not None
        path = next((tmp_path / "state/rootfs").iterdir())
        path.write_text(path.read_text().replace(known.fingerprint, now))

        assert not holds(memory, plain)


def test_memory_that_makes_no_sense_is_none(plain: Path, tmp_path: Path) -> None:
    """A file cut short, of another version, or of another kind altogether."""
    with remembered(plain, tmp_path / "state") as memory:
        path = next((tmp_path / "state/rootfs").iterdir())
        for text in ("", "{", "[]", "{}", path.read_text().replace('"version": 1', '"version": 99'), '{"version": 1}'):
            path.write_text(text)
            assert memory.recall() is None


def packed(data: bytes) -> bytes:
    """The layer of an archive."""
    return b"".join(ArchivePacker(io.BytesIO(data)).chunks())


def tar(tree: Path, *options: str) -> bytes:
    """An archive by the system's tar."""
    words = ["tar", "-C", str(tree), *options, "-c", "."]
    return subprocess.run(words, check=True, capture_output=True).stdout


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_an_archive_may_be_compressed(plain: Path, compress: Callable[[bytes], bytes]) -> None:
    """The layer is the same."""
    data = tar(plain)

    assert packed(data) == packed(compress(data))


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_damaged_archive_is_an_error(plain: Path, compress: Callable[[bytes], bytes]) -> None:
    """Cut off, or with other bytes in it, compressed or not."""
    data = compress(tar(plain))

    with pytest.raises(DataLoss):
        packed(data[: len(data) // 2])
    with pytest.raises((DataLoss, Invalid)):
        packed(data[:2000] + b"\0" * 100 + data[2100:])


def test_zstd_is_read(plain: Path) -> None:
    """Python has it since 3.14, before that a package; damage is an error."""
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    data = zstd.compress(tar(plain))

    assert packed(tar(plain)) == packed(data)
    for damaged in (data[: len(data) // 2], data[:40] + b"\xff" * 40 + data[80:], data[:6]):
        with pytest.raises((DataLoss, Invalid)):
            packed(damaged)


def test_without_zstd(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would read it is named."""
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(Unsupported, match=r"3\.14") as raised:
        packed(b"\x28\xb5\x2f\xfd")
    assert "chub[zstd]" in raised.value.hint


def test_dialects_do_not_matter(tree: Path) -> None:
    """The layer of an archive depends on what is in it and its order, not on how it was written."""
    (tree / "dev/socket").unlink()
    (tree / os.fsdecode(b"etc/\xff\xfe")).unlink()
    for path in (tree, *tree.rglob("*")):
        os.utime(path, ns=(0, 10**18), follow_symlinks=False)
    one = packed(tar(tree, "--sort=name", "--format=gnu", "--owner=x:0", "--group=y:0"))

    assert one == packed(tar(tree, "--sort=name", "--format=posix", "--owner=z:0", "--group=q:0"))


def test_an_archives_attributes_are_kept(tree: Path) -> None:
    """Those of a hard link, too, which tar does not repeat: unpacking it would take the capability away."""
    with tarfile.open(
        fileobj=io.BytesIO(packed(tar(tree, "--xattrs", "--xattrs-include=*"))), errors="surrogateescape"
    ) as made:
        members = {member.name: member for member in made}

    capability = NET_RAW.decode("utf-8", "surrogateescape")
    for name in ("bin/ping", "bin/ping6"):
        assert capability == members[name].pax_headers["SCHILY.xattr.security.capability"]
    assert members["etc/shadow"].pax_headers["SCHILY.xattr.user.note"] == "zero\0byte"
    assert not [header for header in members["etc/shadow"].pax_headers if "trusted" in header]


def test_an_archive_is_cut_off_where_tar_died(plain: Path) -> None:
    """In a file, between files, in a header: never half an image."""
    data = tar(plain)
    for size in (0, 100, 512, 1024, 5 << 20, len(data) // 512 * 512 - 20 * 512):
        with pytest.raises(DataLoss):
            packed(data[:size])
