"""`system doctor`: each kind of leftover, made for real, is named, and mended if it is chub's own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

import chub as sdk
from chub.api.tasks import Stdio
from chub.chain.host import Host
from chub.core.leasing import collect
from chub.core.names import claimed, lease_of, new_id
from chub.doctor.examine import examine
from tests.support import engines
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.leaks import hierarchies
from tests.support.waiting import wait_until

PATIENCE = 20.0  # seconds
AT_ONCE = timedelta(0)
HEALTHY = "healthy: nothing is left over, nothing is broken\n"
OLD = 1_600_000_000  # seconds: long ago

HOST_WIDE = pytest.mark.xdist_group("host")  # cgroups are everyone's: what one of these makes another one would find

CLIENT = """
import os, signal, sys, time
from chub.{module} import {name}
def stop(*_, **__):
    print("there", flush=True)
    time.sleep(600)
{name}.{method} = stop
from chub.cli.main import main
sys.argv[0] = "chub"
main()
"""
"""`chub` that stops for good where it would make one certain call."""


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A containerd that these tests alone may kill."""
    with engines.containerd(engines.chosen(request.config.getoption("--engine"))) as started:
        yield started


def stopping(chub: Command, module: str, name: str, method: str) -> Command:
    """The command line, which stops before `method` of a class and says "there"."""
    program = CLIENT.format(module=module, name=name, method=method)
    return Command(words=[sys.executable, "-c", program], env=chub.env)


def found(client: sdk.Client, kind: str) -> list[sdk.Finding]:
    """The findings of a kind, however young."""
    return [each for each in client.doctor(patience=AT_ONCE) if each.kind == kind]


def lives(pid: int) -> bool:
    """Whether a process has not ended, though nobody may have fetched its status."""
    with suppress(FileNotFoundError):
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def mended(client: sdk.Client, finding: sdk.Finding) -> None:
    """It is mended, and not found any more."""
    done = client.mend([finding])
    assert done.failed == ()
    assert [each.key for each in done.mended] == [finding.key]
    assert finding.subject not in [each.subject for each in found(client, finding.kind)]


@HOST_WIDE
def test_a_healthy_host(chub: Command, client: sdk.Client, image: str) -> None:
    """One line and status 0, whatever runs, has ended, or was only made; nothing asks, nothing is touched."""
    assert chub.ok("system", "doctor") == HEALTHY
    chub.ok("run", "-d", "--name", "web", image, "sleep", "100")
    chub.ok("run", "--name", "done", image, "true")
    chub.ok("create", "--name", "new", image, "true")

    assert client.doctor(patience=AT_ONCE) == ()
    assert chub.ok("system", "doctor", "--all-namespaces", "--fix") == HEALTHY
    assert chub.ok("system", "doctor", "--format", "json") == "[]\n"
    chub.ok("rm", "-f", "web", "done", "new")


def test_a_client_that_is_killed_while_it_makes_a_container(
    chub: Command, client: sdk.Client, image: str, roots: tuple[Path, Path]
) -> None:
    """As long as it lives nothing is found; then its lease, its snapshot and its directory, which a --fix removes."""
    making = stopping(chub, "api.containers", "Containers", "create")
    with making.start("create", "--name", "web", image, "true", stdout=subprocess.PIPE) as creating:
        assert creating.stdout is not None
        assert creating.stdout.readline() == b"there\n"
        findings = client.doctor(patience=AT_ONCE)
        creating.kill()
    assert findings == ()
    (directory,) = roots[0].glob(f"*/{client.settings.namespace}/{'?' * 64}")
    id = directory.name

    declined = chub("system", "doctor", "--fix", input="n\n")
    assert declined.exit_status == 1
    for said in (f"directory  {directory}", f"lease      {lease_of(id)}", f"/{id}", f"process {creating.pid}, is gone"):
        assert said in declined.stdout
    assert "lease      chub-name-web" in declined.stdout
    assert "This will remove 4 findings of chub's own." in declined.stdout
    assert directory.exists()

    fixed = chub("system", "doctor", "--fix", input="y\n")
    assert (fixed.exit_status, fixed.stderr) == (0, "")
    assert f"mended: directory  {directory}\n" in fixed.stdout
    assert fixed.stdout.endswith(HEALTHY)
    assert not directory.exists()
    assert [each.id for each in client.leases.list()] == []
    assert chub.ok("system", "doctor") == HEALTHY


def test_a_name_is_free_once_its_client_is_gone(chub: Command, client: sdk.Client, image: str) -> None:
    """The claim of a client that was killed holds nobody up, long as it would last."""
    making = stopping(chub, "api.containers", "Containers", "create")
    with making.start("create", "--name", "web", image, "true", stdout=subprocess.PIPE) as creating:
        assert creating.stdout is not None
        assert creating.stdout.readline() == b"there\n"
        creating.kill()

    chub.ok("create", "--name", "web", image, "true", timeout=10)
    chub.ok("rm", "web")
    with claimed(client.services, "mine"):
        assert [each for each in client.doctor(patience=AT_ONCE) if "chub-name-mine" in each.subject] == []
    chub.ok("system", "doctor", "--fix", "--yes")


def test_json_is_stable(chub: Command, client: sdk.Client) -> None:
    """One object for each finding, with these keys; --fix tells which are mended."""
    client.leases.create("chub-x", expires=timedelta(milliseconds=1))
    seen = chub("system", "doctor", "--format", "json")
    (row,) = json.loads(seen.stdout)
    assert seen.exit_status == 1
    assert list(row) == [
        "kind",
        "namespace",
        "subject",
        "problem",
        "owner",
        "since",
        "size",
        "evidence",
        "command",
        "mendable",
        "mended",
        "error",
    ]
    assert (row["kind"], row["namespace"], row["subject"]) == ("lease", client.settings.namespace, "chub-x")
    assert row["evidence"][0]["source"] == "Leases.List"
    assert row["command"].endswith(f"-n {client.settings.namespace} leases rm chub-x")
    assert json.loads(chub("system", "doctor", "--format", "json").stdout) == [row]

    assert chub("system", "doctor", "--fix", "--format", "json").exit_status == 1  # it would have to ask
    fixed = json.loads(chub.ok("system", "doctor", "--fix", "-y", "--format", "json"))
    assert fixed == [row | {"mended": True}]


def test_leases(chub: Command, client: sdk.Client) -> None:
    """An expired one of another client is told of; only a collection of containerd's own removes it."""
    client.leases.create("theirs", expires=timedelta(milliseconds=1))
    client.leases.create("held", expires=timedelta(hours=1))
    (lease,) = found(client, "lease")
    assert (lease.subject, lease.owner, lease.mendable) == ("theirs", "", False)
    assert lease.problem.startswith("expired at ")

    assert chub("system", "doctor", "--fix", "--yes").exit_status == 1
    client.leases.delete("held", sync=True)
    assert chub.ok("system", "doctor") == HEALTHY


def test_directories_and_fifos(chub: Command, client: sdk.Client, image: str) -> None:
    """Of containers that are gone; and FIFOs of one that does not run."""
    workspace = client.workspace
    id = chub.ok("create", "--name", "web", image, "true").strip()
    gone, orphan, idle = workspace.data / new_id(), workspace.state / new_id(), workspace.state / id
    for directory in (gone, orphan, idle):
        directory.mkdir(parents=True)
        os.mkfifo(directory / "stdout")
    (gone / "log").write_bytes(b"x" * 1000)

    (left,) = found(client, "directory")
    assert (left.subject, left.owner, left.mendable) == (str(gone), "chub", True)
    assert (left.size or 0) >= 1000  # in blocks of some file system
    assert {each.subject for each in found(client, "state")} == {str(orphan), str(idle)}
    assert str(idle) not in chub("system", "doctor").stdout  # it may be on its way
    os.utime(idle, (OLD, OLD))
    assert str(idle) in chub("system", "doctor").stdout
    chub.ok("system", "doctor", "--fix", "--yes")
    assert not any(each.exists() for each in (gone, orphan, idle))
    chub.ok("rm", "web")


def test_a_directory_with_a_mount_in_it(chub: Command, client: sdk.Client) -> None:
    """What is mounted is unmounted first, so that nothing of it is removed."""
    directory = client.workspace.data / new_id()
    (directory / "point").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", directory / "point"], check=True)
    (directory / "point" / "file").touch()
    (mount,) = found(client, "mount")
    assert mount.subject == str(directory / "point")
    done = client.mend(found(client, "directory"))
    assert [why for _, why in done.failed] == [f"{directory}/point is mounted"]

    assert "mended: mount" in chub.ok("system", "doctor", "--fix", "--yes")
    assert not directory.exists()


def test_a_bundle_that_is_still_mounted(client: sdk.Client, engine: Engine, roots: tuple[Path, Path]) -> None:
    """The root file system of a task that is gone, by a snapshot of this engine; another engine's is not its matter."""
    id = new_id()
    client.leases.create("held")
    (mount,) = client.services.under("held").snapshots("native").prepare("theirs")
    bundle = engine.bundles / client.settings.namespace / id / "rootfs"
    elsewhere = roots[0] / "x" / "io.containerd.runtime.v2.task" / client.settings.namespace / id / "rootfs"
    for target, source in ((bundle, mount.source), (elsewhere, roots[1])):
        target.mkdir(parents=True)
        subprocess.run(["mount", "--bind", source, target], check=True)
    (client.workspace.data / id).mkdir(parents=True)  # so it is chub's

    (left,) = found(client, "mount")
    assert (left.subject, left.owner) == (str(bundle), "chub")
    mended(client, left)
    subprocess.run(["umount", elsewhere], check=True)
    shutil.rmtree(bundle.parent)
    shutil.rmtree(roots[0] / "x")
    shutil.rmtree(client.workspace.data / id)
    client.services.snapshots("native").remove("theirs")
    client.leases.delete("held")


def test_containers_without_files(chub: Command, client: sdk.Client, image: str) -> None:
    """One whose snapshot is gone is removed; one whose snapshot is there is told of only: its files may be wanted."""
    empty = chub.ok("create", "--name", "empty", image, "true").strip()
    full = chub.ok("create", "--name", "full", image, "true").strip()
    client.snapshots.remove(empty)
    shutil.rmtree(client.workspace.data / full)
    problems = {each.subject: (each.problem, each.mendable) for each in found(client, "record")}
    assert problems == {empty: ("its snapshot is gone", True), full: ("its directory is gone", False)}

    fixed = chub("system", "doctor", "--fix", "--yes")
    assert fixed.exit_status == 1
    assert fixed.stdout.endswith("1 left\n")
    assert chub.ok("ps", "-a", "--format", "{{.Names}}") == "full\n"
    chub.ok("rm", "-f", "full")


def test_snapshots(client: sdk.Client, chub: Command, image: str) -> None:
    """Those that no container, image, snapshot or lease has. Another client's is left to containerd's collector."""
    chub.ok("create", "--name", "web", image, "true")
    collect(client.services)  # now, so that it does not come between what follows
    client.leases.create("held")
    client.services.under("held").snapshots(client.settings.snapshotter).prepare("held")
    client.snapshots.prepare("theirs")
    client.snapshots.prepare("kept", labels={"containerd.io/gc.root": "now"})
    (left,) = found(client, "snapshot")
    assert left.subject == f"{client.settings.snapshotter}/theirs"
    assert (left.owner, left.mendable) == ("", False)
    assert client.mend([left]).mended == ()
    client.leases.delete("held", sync=True)
    assert {"theirs", "held"}.isdisjoint(each.name for each in client.snapshots.list())
    client.snapshots.remove("kept")
    chub.ok("rm", "web")


def test_ingests(client: sdk.Client) -> None:
    """Half a blob that nobody writes to any more; one of another client is told of."""
    for ref in ("chub-import-00", "theirs"):
        with client.content.writer(ref) as writer:
            writer.write([b"half"])
    left = {each.subject: each for each in found(client, "ingest")}
    assert {ref: (each.size, each.mendable) for ref, each in left.items()} == {
        "chub-import-00": (4, True),
        "theirs": (4, False),
    }
    assert client.doctor() == ()
    mended(client, left["chub-import-00"])
    client.content.abort("theirs")


def test_a_client_that_is_killed_while_it_imports(chub: Command, client: sdk.Client, busybox: Path) -> None:
    """Its lease, and what that held."""
    importing = stopping(chub, "api.snapshots", "Snapshots", "commit")
    with importing.start("rootfs", "import", busybox, "web", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        assert client.doctor(patience=AT_ONCE) == ()
        process.kill()
    assert {each.kind for each in client.doctor()} == {"lease", "snapshot"}

    assert chub.ok("system", "doctor", "--fix", "--yes").endswith(HEALTHY)
    assert client.content.list() == ()


def test_tasks(chub: Command, client: sdk.Client, image: str, engine: Engine, busybox: Path) -> None:
    """One that was made and never started, and one of ctr's that has ended: that is told of and stays."""
    id = chub.ok("create", "--name", "web", image, "true").strip()
    record = client.services.containers.get(id)
    client.services.tasks.create(id, client.snapshots.mounts(id), Stdio(), options=record.runtime.options)
    engine.ctr("run", "-d", "--rootfs", str(busybox), "theirs", "/bin/true", namespace=client.settings.namespace)
    wait_until(lambda: client.services.tasks.get("theirs").status == "stopped", PATIENCE, "its end")

    left = {each.subject: each for each in found(client, "task")}
    assert left[id].problem == "was made and not started"
    assert left["theirs"].problem == "has ended, and keeps its shim"
    assert left["theirs"].command.endswith("tasks rm -f theirs")
    assert (left["theirs"].owner, left["theirs"].mendable) == ("", False)
    mended(client, left[id])
    assert "web Created\n" in chub.ok("ps", "-a", "--format", "{{.Names}} {{.Status}}")
    assert client.services.tasks.get("theirs").status == "stopped"
    chub.ok("rm", "web", "theirs")


def test_a_shim_that_does_not_answer(chub: Command, client: sdk.Client, image: str) -> None:
    """The program may run: it is told of, with what to do, and left alone."""
    id = chub.ok("run", "-d", "--name", "web", image, "sleep", "100").strip()
    shim = int(Path(f"/proc/{client.services.tasks.get(id).pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(shim, signal.SIGSTOP)
    try:
        (left,) = found(client, "task")
        assert (left.problem, left.command) == (f"its shim, process {shim}, does not answer", f"kill -CONT {shim}")
        assert not left.mendable
    finally:
        os.kill(shim, signal.SIGCONT)
    assert found(client, "task") == []
    chub.ok("rm", "-f", "web")


def test_a_task_whose_process_is_gone(chub: Command, client: sdk.Client, image: str) -> None:
    """Where containerd says that it runs, and the host has no such process."""
    id = chub.ok("run", "-d", "--name", "web", image, "sleep", "100").strip()
    pid = client.services.tasks.get(id).pid

    class Without(Host):
        def status(self, other: int) -> dict[str, str]:
            if other == pid:
                raise FileNotFoundError
            return super().status(other)

    (left,) = examine(client.workspace, host=Without())
    assert (left.kind, left.subject, left.problem) == ("task", id, f"its process {pid} is gone")
    assert left.mendable
    chub.ok("rm", "-f", "web")


@pytest.mark.parametrize("removed", [True, False], ids=["gone", "there"])
def test_a_shim_that_containerd_does_not_know(
    chub: Command, client: sdk.Client, image: str, engine: Engine, removed: bool
) -> None:
    """It is killed with its program if its container is gone; else it is told of, and the program lives on."""
    id = chub.ok("run", "-d", "--name", "web", image, "sleep", "100").strip()
    pid = client.services.tasks.get(id).pid
    engine.kill()
    bundle = engine.bundles / client.settings.namespace / id
    bundle.rename(bundle.parents[3] / id)  # containerd finds its tasks by their bundles
    engine.start()
    if removed:
        client.services.containers.delete(id)
    (left,) = found(client, "shim")
    assert left.evidence[0].said == f"-namespace {client.settings.namespace} -id {id}"
    assert left.mendable is removed
    assert str(pid) in left.command
    if not removed:
        assert client.mend([left]).mended == ()
        assert lives(pid)
        client.services.containers.delete(id)
        (left,) = found(client, "shim")
    mended(client, left)
    assert not lives(pid)
    shutil.rmtree(bundle.parents[3] / id)
    wait_until(lambda: chub("system", "doctor", "--fix", "--yes").exit_status == 0, PATIENCE, "a healthy host")


def test_bundles(chub: Command, client: sdk.Client, image: str, engine: Engine) -> None:
    """One whose task is gone, with what its link leads to; that of a task is none."""
    web = chub.ok("run", "-d", "--name", "web", image, "sleep", "100").strip()
    id = chub.ok("create", "--name", "new", image, "true").strip()
    bundles = engine.bundles / client.settings.namespace
    bundle, work = bundles / id, engine.directory / "work" / id
    assert (bundles / web).is_dir()
    for directory in (bundle, work):
        directory.mkdir(parents=True)
    (bundle / "work").symlink_to(work)
    (bundle / "config.json").write_text("{}")

    (left,) = found(client, "bundle")
    assert (left.subject, left.problem, left.owner) == (str(bundle), f"task {id[:12]} is gone", "chub")
    assert left.command == f"rm -r {bundle} {work}"
    mended(client, left)
    assert not bundle.exists()
    assert not work.exists()
    chub.ok("rm", "-f", "web", "new")


def test_fifos_of_other_clients(client: sdk.Client, tmp_path: Path) -> None:
    """Those that no process has open are told of, and stay."""

    class Elsewhere(Host):
        def path(self, path: str) -> Path:
            return tmp_path if path == "/run/containerd/fifo" else super().path(path)

    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        os.mkfifo(tmp_path / name / f"theirs{name}-stdout")
    reader = os.open(tmp_path / "1" / "theirs1-stdout", os.O_RDONLY | os.O_NONBLOCK)
    try:
        (left,) = examine(client.workspace, host=Elsewhere(), patience=AT_ONCE)
    finally:
        os.close(reader)
    assert (left.kind, left.subject, left.mendable) == ("fifo", str(tmp_path / "2"), False)
    assert left.problem == "no process has the FIFOs of theirs2 open"
    assert len(examine(client.workspace, host=Elsewhere(), patience=AT_ONCE)) == 2


@HOST_WIDE
def test_cgroups(client: sdk.Client, request: pytest.FixtureRequest) -> None:
    """Empty ones where containers of chub's and of ctr's are."""
    ours, theirs = f"/chub/{new_id()}", f"/{client.settings.namespace}/{new_id()[:12]}"  # nobody else's, host-wide
    for hierarchy in hierarchies():
        for path in (ours, theirs):
            (hierarchy / path[1:] / "below").mkdir(parents=True)
    request.addfinalizer(
        partial(drop, f"{ours}/below", ours, f"{theirs}/below", theirs, f"/{client.settings.namespace}")
    )
    left = {each.subject: each for each in found(client, "cgroup")}
    assert (left[ours].owner, left[ours].mendable) == ("chub", True)
    assert (left[theirs].owner, left[theirs].mendable) == ("", False)
    mended(client, left[ours])
    for hierarchy in hierarchies():
        assert not (hierarchy / ours[1:]).exists()
        assert (hierarchy / theirs[1:]).exists()


@HOST_WIDE
def test_cgroups_elsewhere(chub: Command, client: sdk.Client, image: str, request: pytest.FixtureRequest) -> None:
    """Those below a `--cgroup-parent`: of a container that is there, and of one that was removed while it stayed."""
    parent = f"/{client.settings.namespace}-parent/deep"
    made, kept = (chub.ok("create", "--cgroup-parent", parent, image, "true").strip() for _ in range(2))
    request.addfinalizer(partial(drop, parent, os.path.dirname(parent)))
    for hierarchy in hierarchies():
        for id in (made, kept):
            (hierarchy / parent[1:] / id / "below").mkdir(parents=True)
    chub.ok("rm", made)
    left = {each.subject: each for each in found(client, "cgroup")}

    for id in (made, kept):
        assert (left[f"{parent}/{id}"].owner, left[f"{parent}/{id}"].mendable) == ("chub", True)
        mended(client, left[f"{parent}/{id}"])
    chub.ok("start", "-a", kept)
    chub.ok("rm", kept)


def drop(*cgroups: str) -> None:
    """Remove cgroups, those that are there."""
    for hierarchy in hierarchies():
        for cgroup in cgroups:
            with suppress(FileNotFoundError):
                (hierarchy / cgroup[1:]).rmdir()


def keepers(roots: tuple[Path, Path]) -> list[int]:
    """The keepers of a test, by pid."""
    said = subprocess.run(
        ["pgrep", "-f", f"keeper/__main__.py {roots[1]}"], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in said.stdout.split()]


def test_keepers(chub: Command, client: sdk.Client, image: str, roots: tuple[Path, Path]) -> None:
    """A dead one that has something to hold is started again; notes of containers that are gone, and dead ones of
    another version, are removed.
    """
    chub.ok("run", "-d", "--name", "web", image, "sleep", "100")
    place = client.workspace.state / "keeper" / "1"
    old, note = place.with_name("0"), place / f"{new_id()}.json"
    old.mkdir()
    (old / "alive").touch()
    note.write_text("{}")
    assert [each.subject for each in found(client, "keeper")] == [str(old), str(note)]
    note.unlink()
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in keepers(roots):
            os.kill(pid, number)
    wait_until(lambda: not keepers(roots), PATIENCE, "the end of both")
    note.write_text("{}")

    left = {each.subject: each for each in found(client, "keeper")}
    assert set(left) == {str(old), str(note), str(place)}
    assert left[str(place)].problem == "the keeper is dead, and output and end of 1 containers wait for it"
    assert chub.ok("system", "doctor", "--fix", "--yes").endswith(HEALTHY)
    assert not old.exists()
    assert len(wait_until(lambda: keepers(roots), PATIENCE, "another one")) > 0
    chub.ok("rm", "-f", "web")
