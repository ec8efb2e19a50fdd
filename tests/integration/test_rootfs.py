"""Importing root filesystems, on a real containerd."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chub.api.services import Services
from chub.core.leasing import collect, leased
from chub.core.metering import Progress
from chub.core.rootfs import (
    GC_ROOT,
    Imported,
    import_rootfs,
    list_rootfs,
    remove_rootfs,
    rootfs_for_run,
)
from chub.core.undo import gone
from chub.errors import ChubError, Conflict, DataLoss, Invalid, NotFound
from chub.settings import Settings
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.terminal import Terminal
from tests.support.trees import ACL, NET_RAW, access_times, age, rich
from tests.support.waiting import wait_until


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with everything in it."""
    return rich(tmp_path / "tree")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A tree of three files, one of them 3 MiB."""
    made = tmp_path / "small"
    (made / "d").mkdir(parents=True)
    (made / "a").write_bytes(os.urandom(3 << 20))
    (made / "d/f").write_text("f")
    (made / "d/l").symlink_to("f")
    age(made)
    return made


def directory_of(services: Services, imported: Imported) -> Path:
    """Where the engine has the files of a snapshot: a view of one layer is a bind mount."""
    snapshots = services.snapshots()
    (mount,) = snapshots.view("look", imported.chain_id)
    gone(snapshots.remove, "look")  # a collection may be faster: nothing holds it
    return Path(mount.source)


def test_a_snapshot_has_all_that_the_directory_has(services: Services, tree: Path, kept_rootfs: None) -> None:
    """Owners, modes, times to the nanosecond, links, devices, FIFOs, attributes: name by name."""
    imported = import_rootfs(services, tree)
    made = directory_of(services, imported)
    (tree / "dev/socket").unlink()
    expected, found = facts(tree), facts(made)
    del expected["etc/shadow"]["trusted.secret"]

    assert expected == found
    assert imported.sockets == ("dev/socket",)
    assert imported.left_out == {"trusted.secret": 1}
    assert os.getxattr(made / "bin/ping6", "security.capability") == NET_RAW
    assert os.getxattr(made / "etc/shadow", "system.posix_acl_access") == ACL


def facts(tree: Path) -> dict[str, dict[str, object]]:
    """All that is to be kept of a tree, by name. A directory's time changes when a socket in it is removed."""
    found: dict[str, dict[str, object]] = {}
    first: dict[int, str] = {}
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        status = path.lstat()
        found[name] = {
            "mode": status.st_mode,
            "owner": (status.st_uid, status.st_gid),
            "time": status.st_mtime_ns if name != "dev" else None,
            "device": status.st_rdev,
            "first name": first.setdefault(status.st_ino, name),
            "target": os.readlink(path) if path.is_symlink() else None,
            "content": path.read_bytes() if path.is_file() and not path.is_symlink() else None,
        }
        for attribute in os.listxattr(path, follow_symlinks=False):
            if not attribute.startswith("trusted.overlay"):
                found[name][attribute] = os.getxattr(path, attribute, follow_symlinks=False)
    return found


def test_the_directory_is_only_read(services: Services, tree: Path, kept_rootfs: None) -> None:
    """Not even access times change, though each would with a plain read."""
    before = access_times(tree)
    import_rootfs(services, tree)

    assert before == access_times(tree)


def test_a_name_makes_an_image(services: Services, engine: Engine, small: Path, chub: Command) -> None:
    """Containerd's own client lists and checks it; everything it needs is kept by it, and goes with it."""
    imported = import_rootfs(services, small, name="demo/small:1")
    collect(services)

    assert imported.image_name == "docker.io/demo/small:1"
    assert imported.manifest_digest in engine.ctr("images", "ls", namespace=services.namespace)
    checked = engine.ctr("images", "check", namespace=services.namespace)
    assert "complete" in checked
    assert "true" in checked.split()
    assert {imported.manifest_digest, imported.config_digest, imported.diff_id} == {
        blob.digest for blob in services.content.list()
    }
    assert [imported.chain_id] == [snapshot.name for snapshot in services.snapshots().list()]
    assert services.leases.list() == ()
    services.images.delete(imported.image_name, sync=True)
    assert not services.content.list()
    assert not services.snapshots().list()


def test_without_a_name_the_snapshot_stays(services: Services, small: Path, kept_rootfs: None) -> None:
    """By its label; the blob goes with the next collection. `rootfs rm` takes it away."""
    imported = import_rootfs(services, small)
    collect(services)
    (found,) = list_rootfs(services)

    assert (found.chain_id, found.source, found.used_by) == (imported.chain_id, str(small), ())
    assert found.size > 3 << 20
    assert found.imported is not None
    assert datetime.now(UTC) - found.imported < timedelta(minutes=1)
    assert GC_ROOT in services.snapshots().stat(imported.chain_id).labels
    assert services.content.list() == ()

    remove_rootfs(services, imported.chain_id[7:19])
    assert services.snapshots().list() == ()
    with pytest.raises(NotFound, match="No such rootfs"):
        remove_rootfs(services, str(small))


def test_a_rootfs_in_use_is_not_removed(services: Services, small: Path, kept_rootfs: None) -> None:
    """The error names who uses it."""
    imported = import_rootfs(services, small)
    services.snapshots().prepare("a-container", imported.chain_id, {GC_ROOT: "now"})

    with pytest.raises(Conflict, match="in use by a-container"):
        remove_rootfs(services, imported.chain_id)
    services.snapshots().remove("a-container")


def test_the_same_tree_gives_the_same_image(services: Services, small: Path, tmp_path: Path) -> None:
    """From another place, under another name, a second time: every digest is the same."""
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", small, copy], check=True)
    made = [import_rootfs(services, source, name=name) for source, name in ((small, "a"), (copy, "b"), (small, "a"))]

    for digest in ("diff_id", "chain_id", "config_digest", "manifest_digest"):
        assert len({getattr(imported, digest) for imported in made}) == 1
    newest = max(path.lstat().st_mtime_ns for path in small.rglob("*"))
    created = made[0].config.created
    assert created is not None
    assert int(created.timestamp()) == newest // 10**9
    for name in ("a", "b"):
        services.images.delete(f"docker.io/library/{name}:latest")


def test_source_date_epoch(services: Services, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the image's date, as for other reproducible builds."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    imported = import_rootfs(services, small, name="dated")
    services.images.delete(imported.image_name)

    assert imported.config.created == datetime.fromtimestamp(1_700_000_000, UTC)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(Invalid, match="SOURCE_DATE_EPOCH"):
        import_rootfs(services, small, name="dated")


def test_the_architecture_is_that_of_the_programs(services: Services, tmp_path: Path) -> None:
    """An arm64 tree is an arm64 image wherever it is imported."""
    program = bytearray(64)
    program[:6] = b"\x7fELF\x02\x01"
    program[18:20] = (183).to_bytes(2, "little")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/sh").write_bytes(program)
    (tmp_path / "tree/sh").chmod(0o755)
    imported = import_rootfs(services, tmp_path / "tree", name="arm")
    services.images.delete(imported.image_name)

    assert imported.config.architecture == "arm64"


def test_a_tree_that_changes_leaves_nothing(services: Services, small: Path) -> None:
    """An error, and no image, ingest, snapshot or lease."""

    def change(progress: Progress) -> None:
        (small / "d/new").write_text("new")

    with pytest.raises(DataLoss, match=r"^d changed while the tree was read"):
        import_rootfs(services, small, name="torn", progress=change)
    assert not [*services.images.list(), *services.leases.list(), *services.content.ingests()]


@pytest.mark.parametrize("source", ["nosuch", "empty", "file", "empty.tar"])
def test_what_is_no_root_filesystem(chub: Command, tmp_path: Path, source: str) -> None:
    """A clear error, exit status 1, nothing left."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no archive, but some text that is longer than a header" * 20)
    tarfile.open(tmp_path / "empty.tar", "w").close()
    ended = chub("rootfs", "import", tmp_path / source, "x")
    said = {
        "nosuch": "no such file or directory",
        "empty": "it is empty",
        "file": "not a tar archive",
        "empty.tar": "it is empty",
    }

    assert ended.exit_status == 1
    assert said[source] in ended.stderr
    assert ended.stderr.startswith("chub: ")


@pytest.mark.parametrize("name", ["BAD", "", "a b", "x" * 300, "a@sha256:" + "0" * 64, "../x", "\x1b[31m"])
def test_what_is_no_name(chub: Command, small: Path, name: str) -> None:
    """Refused before anything is read or written."""
    ended = chub("rootfs", "import", small, name)

    assert ended.exit_status == 1
    assert "\x1b" not in ended.stderr
    assert chub.ok("rootfs", "ls", "-q") == ""


def test_an_archive_from_a_pipe(chub: Command, services: Services, small: Path) -> None:
    """As docker import takes it: plain, compressed, from a file."""
    data = subprocess.run(["tar", "-C", small, "-c", "."], check=True, capture_output=True).stdout
    (small.parent / "small.tgz").write_bytes(gzip.compress(data))
    ids = {
        chub.ok("rootfs", "import", "-", "piped", input=data),
        chub.ok("rootfs", "import", "-", "piped", input=gzip.compress(data)),
        chub.ok("rootfs", "import", small.parent / "small.tgz", "piped"),
    }
    assert len(ids) == 1
    assert chub.ok("images", "-q", "--no-trunc") in ids
    chub.ok("rmi", "piped")


def test_an_archive_is_checked(chub: Command) -> None:
    """The entry that may not stand in it is named, and nothing is left."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("ok"))
        archive.addfile(tarfile.TarInfo("../../etc/cron.d/x"))
    ended = chub("rootfs", "import", "-", "evil", input=buffer.getvalue())

    assert ended.exit_status == 1
    assert "../../etc/cron.d/x: " in ended.stderr
    assert chub.ok("images", "-q") == ""


def test_warnings_go_to_stderr(chub: Command, tree: Path) -> None:
    """What could not be kept is said; the id is all that stdout has."""
    ended = chub("rootfs", "import", tree, "rich")

    assert ended.exit_status == 0
    assert ended.stdout.startswith("sha256:")
    assert ended.stdout.count("\n") == 1
    assert "skipped 1 socket(s): dev/socket" in ended.stderr
    assert "left out extended attributes: trusted.secret (1)" in ended.stderr
    chub.ok("rmi", "rich")


def test_progress_is_for_terminals(chub: Command, small: Path) -> None:
    """A bar on a terminal, nothing in a pipe."""
    with Terminal(chub, "rootfs", "import", small, "shown") as terminal:
        shown = terminal.until("sha256:")
        assert terminal.wait() == 0
    ended = chub("rootfs", "import", small, "shown")

    assert "unpacking" in shown
    assert ended.stderr == ""
    chub.ok("rmi", "shown")


def test_the_command_line_lists_and_removes(chub: Command, small: Path) -> None:
    """Rootfs ls and rm, by id and by directory, as table and as JSON."""
    id = chub.ok("rootfs", "import", small).strip()

    assert chub.ok("rootfs", "ls", "-q", "--no-trunc").strip() == id
    header, row = chub.ok("rootfs", "ls").splitlines()
    assert header.split() == ["ROOTFS", "ID", "SOURCE", "IMPORTED", "SIZE", "CONTAINERS"]
    assert row.split()[:2] == [id[7:19], str(small)]
    assert f'"Source":"{small}"' in chub.ok("rootfs", "ls", "--format", "json")
    assert chub.ok("rootfs", "rm", small) == f"{small}\n"
    assert chub("rootfs", "rm", id).exit_status == 1


def stalled(chub: Command, small: Path) -> subprocess.Popen[bytes]:
    """An import that has written something and waits for more."""
    data = subprocess.run(["tar", "-C", small, "-c", "."], check=True, capture_output=True).stdout
    importing = chub.start("rootfs", "import", "-", "half", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert importing.stdin is not None
    importing.stdin.write(data[: 2 << 20])
    importing.stdin.flush()
    return importing


def test_an_interrupted_import_leaves_nothing(chub: Command, services: Services, small: Path) -> None:
    """^C: exit status 130, the ingest and the lease are gone."""
    with stalled(chub, small) as importing:
        wait_until(services.content.ingests, 10, "the ingest")
        importing.send_signal(signal.SIGINT)
        assert importing.wait(10) == 130
        assert importing.stdin is not None
        importing.stdin.close()
    assert not [*services.content.ingests(), *services.leases.list()]


def test_a_killed_import_is_collected(chub: Command, services: Services, small: Path) -> None:
    """What it leaves is held by one lease that ends by itself, and named so that it can be found before."""
    with stalled(chub, small) as importing:
        wait_until(services.content.ingests, 10, "the ingest")
        importing.kill()
        importing.wait(10)
        assert importing.stdin is not None
        importing.stdin.close()
    (lease,) = services.leases.list()
    assert lease.id.startswith("chub-import-")
    expiry = datetime.fromisoformat(lease.labels["containerd.io/gc.expire"])
    assert timedelta() < expiry - datetime.now(UTC) <= timedelta(hours=24)
    assert [lease.id] == [ingest.ref for ingest in services.content.ingests()]

    services.leases.delete(lease.id, sync=True)
    assert services.content.ingests() == ()


def test_killed_at_any_moment(chub: Command, services: Services, tmp_path: Path) -> None:
    """Reading, committing, unpacking, naming: leases hold all that is left, or it is a whole image."""
    big = tmp_path / "big"
    big.mkdir()
    for number in range(300):
        (big / f"f{number}").write_bytes(os.urandom(1 << 16))
    for milliseconds in range(100, 700, 60):
        with chub.start("rootfs", "import", big, "big") as importing:
            time.sleep(milliseconds / 1000)  # the moment is the point: there is nothing to wait for
            importing.kill()
        for image in services.images.list():
            assert chub("image", "inspect", image.name).exit_status == 0
            services.images.delete(image.name)
        for lease in services.leases.list():
            assert lease.id.startswith("chub-import-")
            services.leases.delete(lease.id)
        wait_until(lambda: not _left(services), 10, "a collection of what a killed import left")


def _left(services: Services) -> list[object]:
    collect(services)
    return [*services.content.list(), *services.content.ingests(), *services.snapshots().list()]


def test_an_expired_lease_holds_nothing(services: Services) -> None:
    """The next collection after its life takes what it held, and itself."""
    with leased(services, "import", life=timedelta(seconds=1)) as under:
        under.content.write("r", [b"x"])
        collect(services)
        assert services.content.list()
        time.sleep(1.1)  # the lease's life
        collect(services)
        assert not services.content.list()
        assert not services.leases.list()


def test_run_reads_a_tree_once(services: Services, settings: Settings, tree: Path, kept_rootfs: None) -> None:
    """The second time nothing is read, the third time, after a change, the new state is there."""

    def run() -> Imported:
        return rootfs_for_run(
            services, tree, snapshotter=settings.snapshotter, state_dir=settings.data_root / "e" / services.namespace
        )

    first = run()
    before = _bytes_read()
    again = run()
    read = _bytes_read() - before
    (tree / "etc/shadow").write_text("changed")
    changed = run()

    assert (first.chain_id, first.config) == (again.chain_id, again.config)
    assert changed.chain_id != first.chain_id
    assert read < 20_000
    made = directory_of(services, changed)
    assert (made / "etc/shadow").read_text() == "changed"


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def test_run_lets_go_of_earlier_states(services: Services, settings: Settings, small: Path, kept_rootfs: None) -> None:
    """One snapshot a directory, and those that containers are on; what was imported to stay stays."""
    state = settings.data_root / "e" / services.namespace
    stays = import_rootfs(services, small)
    chains = []
    for number in range(3):
        (small / "d/f").write_text(str(number))
        chains.append(rootfs_for_run(services, small, snapshotter="overlayfs", state_dir=state).chain_id)
        if number == 0:
            services.snapshots().prepare("container", chains[0], {GC_ROOT: "now"})
    collect(services)

    assert {stays.chain_id, chains[0], chains[2], "container"} == {each.name for each in services.snapshots().list()}
    services.snapshots().remove("container")
    collect(services)
    assert {stays.chain_id, chains[2]} == {each.name for each in services.snapshots().list()}


def test_run_imports_again_what_was_removed(
    services: Services, settings: Settings, small: Path, kept_rootfs: None
) -> None:
    """`rootfs rm` is not held against what is remembered of the directory."""
    state = settings.data_root / "e" / services.namespace
    first = rootfs_for_run(services, small, snapshotter="overlayfs", state_dir=state)
    remove_rootfs(services, first.chain_id)

    assert first.chain_id == rootfs_for_run(services, small, snapshotter="overlayfs", state_dir=state).chain_id
    assert services.snapshots().stat(first.chain_id).name == first.chain_id


def test_two_imports_of_one_tree_at_once(services: Services, small: Path) -> None:
    """Both succeed; there is one image."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: import_rootfs(services, small, name="same"), range(4)))

    assert len({imported.manifest_digest for imported in made}) == 1
    services.images.delete(made[0].image_name)


def test_the_native_snapshotter(services: Services, small: Path) -> None:
    """The image keeps the snapshot of the snapshotter that it was imported with."""
    imported = import_rootfs(services, small, name="native", snapshotter="native")
    collect(services)

    assert [imported.chain_id] == [each.name for each in services.snapshots("native").list()]
    services.images.delete(imported.image_name, sync=True)


def test_a_snapshotter_that_the_engine_lacks(services: Services, small: Path) -> None:
    """Its name is in the error."""
    with pytest.raises(ChubError, match="nosuch"):
        import_rootfs(services, small, name="x", snapshotter="nosuch")


@pytest.fixture
def cramped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """An engine of the same version on a disk of 48 MiB."""
    from chub.api.channel import Channel
    from tests.support import engines

    disk = Path(tempfile.mkdtemp(prefix="chub-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", disk], check=True)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(tempfile, "tempdir", str(disk))
            running = engines.containerd(engine.version)
            started = running.__enter__()
        try:
            with Services(Channel(started.address), "cramped") as made:
                yield made
        finally:
            running.__exit__(None, None, None)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
        shutil.rmtree(disk)


@pytest.mark.parametrize("mebibytes", [30, 64])
def test_a_full_disk(cramped: Services, tmp_path: Path, mebibytes: int) -> None:
    """While it is written or while it is unpacked: the error says so, and the next import has its room back."""
    big = tmp_path / "big"
    big.mkdir()
    for number in range(mebibytes):
        (big / f"f{number}").write_bytes(os.urandom(1 << 20))
    with pytest.raises(ChubError, match="no space left on device"):
        import_rootfs(cramped, big, name="big")
    assert not _left(cramped)

    for number in range(10, mebibytes):
        (big / f"f{number}").unlink()
    assert import_rootfs(cramped, big, name="big").entries == 10
