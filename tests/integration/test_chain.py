"""`chub chain` on a real containerd: every claim beside a source that has nothing to do with chub."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chub.errors import Conflict, NotFound
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services
    from chub.chain.links import Chain
    from chub.sdk.client import Client
    from tests.support.command import Command
    from tests.support.engines import Engine

NAME = "docker.io/library/busybox:latest"
PROGRAM = ("/bin/sleep", "1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A container that `ctr` made, and what others than chub say of it."""

    engine: Engine
    namespace: str
    id: str
    runc_root: Path

    def ctr(self, *words: str) -> str:
        """What the engine's own `ctr` prints."""
        return self.engine.ctr(*words, namespace=self.namespace)

    @property
    def pid(self) -> int:
        """Init's pid, by `ctr task ls`."""
        rows = (line.split() for line in self.ctr("task", "ls").splitlines())
        return next(int(pid) for id, pid, *_ in rows if id == self.id)

    @property
    def record(self) -> dict[str, Any]:
        """The record, by `ctr container info`."""
        found: dict[str, Any] = json.loads(self.ctr("container", "info", self.id))
        return found

    @property
    def runc(self) -> dict[str, Any]:
        """What runc itself says."""
        root = self.runc_root / self.namespace
        words = ["runc", "--root", str(root), "state", self.id]
        found: dict[str, Any] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        return found

    def remove(self) -> None:
        """End and delete it."""
        if any(line.split()[0] == self.id for line in self.ctr("task", "ls").splitlines()):
            self.ctr("task", "delete", "--force", self.id)
        self.ctr("container", "delete", self.id)


@contextmanager
def made(engine: Engine, namespace: str, id: str, runc_root: Path, *program: str) -> Iterator[Peer]:
    """A container of `ctr`'s while the context lasts."""
    words = ("run", "--detach", "--runc-root", str(runc_root), NAME, id, *(program or PROGRAM))
    engine.ctr(*words, namespace=namespace)
    peer = Peer(engine=engine, namespace=namespace, id=id, runc_root=runc_root)
    try:
        yield peer
    finally:
        peer.remove()


@pytest.fixture
def peer(engine: Engine, services: Services, image: str, roots: tuple[Path, Path]) -> Iterator[Peer]:
    """A running container of `ctr`'s."""
    with made(engine, services.namespace, "peer-1", roots[1] / "runc") as found:
        yield found


@pytest.fixture
def chain(client: Client, peer: Peer) -> Chain:
    """Its chain."""
    return client.chain(peer.id)


def _status(pid: int, field: str) -> str:
    found = re.search(rf"^{field}:\s*(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return found[1]


def test_no_two_sources_contradict_each_other(chain: Chain) -> None:
    """A healthy container: whatever has several witnesses has one answer."""
    assert chain.disagreements == ()


def test_every_layer_but_docker_is_there(chain: Chain) -> None:
    """In a container of `ctr`'s docker takes no part, and all others do."""
    missing = {str(link.layer): link.missing for link in chain.links if link.missing}

    assert set(missing) == {"docker"}
    assert missing["docker"].startswith("takes no part: ")


def test_every_fact_names_a_source_that_can_be_opened_or_called(chain: Chain) -> None:
    """A path that exists, or a call, or a command."""
    for link in chain.links:
        for fact in link.facts:
            for witness in fact.evidence:
                source = witness.source
                if source.startswith("/") and fact.label != "apparmor":
                    assert os.path.lexists(source), (link.layer, fact.label, source)
                assert source, (link.layer, fact.label)


def test_the_record_is_containerds(chain: Chain, peer: Peer) -> None:
    """Runtime, labels and id as `ctr container info` has them."""
    record = peer.record
    link = chain["containerd"]

    assert link.value("id") == record["ID"] == peer.id
    assert link.value("runtime") == record["Runtime"]["Name"]
    assert {fact.of: fact.value for fact in link.labelled("label")} == record["Labels"]


def test_the_daemon_is_the_one_that_was_started(chain: Chain, engine: Engine) -> None:
    """Its pid from the file of who started it, its version from the program itself."""
    link = chain["containerd"]
    program = str(engine.programs / "containerd")
    printed = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout

    assert link.value("daemon pid") == (engine.directory / "pid").read_text().strip()
    assert link.value("version") == printed.split()[2].removeprefix("v")
    assert link.value("binary") == os.path.realpath(program)
    assert link.value("socket") == engine.address


def test_the_image_is_the_one_in_the_content_store(chain: Chain, peer: Peer) -> None:
    """The manifest's digest as `ctr` lists it; the config and its top layer as the manifest's bytes say."""
    link = chain["image"]
    row = next(line.split() for line in peer.ctr("image", "ls").splitlines() if line.startswith(NAME))
    manifest = json.loads(peer.ctr("content", "get", link.value("manifest")))
    config = json.loads(peer.ctr("content", "get", manifest["config"]["digest"]))

    assert link.value("name") == NAME
    assert link.value("digest") == row[2]
    assert link.value("config") == manifest["config"]["digest"]
    assert link.value("chain ID") == config["rootfs"]["diff_ids"][0]  # of one layer the two are the same


def test_the_directories_hold_the_containers_files(chain: Chain, peer: Peer) -> None:
    """What the container writes is in the active snapshot's directory, what it was given in the one below."""
    link = chain["snapshot"]
    rows = [line.split() for line in peer.ctr("snapshot", "ls").splitlines()]
    (active,), (layer,) = link.labelled("active"), link.labelled("committed")
    peer.ctr("task", "exec", "--exec-id", "x", peer.id, "/bin/touch", "/written")

    assert [active.value, layer.value, "Active"] in rows
    assert Path(link.value("directory", active.value), "written").exists()
    assert not Path(link.value("directory", active.value), "bin/busybox").exists()
    assert Path(link.value("directory", layer.value), "bin/busybox").exists()


def test_the_mounts_are_a_second_witness(chain: Chain, peer: Peer) -> None:
    """The kernel's list of the container's mounts has the same directories."""
    root = Path(f"/proc/{peer.pid}/mountinfo").read_text().splitlines()[0]

    for fact in chain["snapshot"].labelled("directory"):
        assert fact.value in root
        assert {witness.source for witness in fact.evidence} == {
            "Snapshots.Mounts",
            f"/proc/{peer.pid}/mountinfo",
        }


def test_the_task_and_its_process(chain: Chain, peer: Peer) -> None:
    """One pid, said by containerd, the bundle, runc and the kernel; and `ctr` says it, too."""
    pid = chain["process"].fact("pid")

    assert pid is not None
    assert pid.value == str(peer.pid)
    assert len(pid.evidence) == 4
    assert chain["task"].value("status") == "running"
    assert chain["process"].value("arguments") == " ".join(PROGRAM)
    assert chain["process"].value("pid inside") == "1"


def test_the_shim_is_inits_parent(chain: Chain, engine: Engine, peer: Peer) -> None:
    """Its pid is the parent's, its program is the engine's, and somebody listens at its socket."""
    link = chain["shim"]
    program = str(engine.programs / "containerd-shim-runc-v2")
    printed = subprocess.run([program, "-v"], check=True, capture_output=True, text=True).stdout
    listening = {line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()}

    assert link.value("pid") == _status(peer.pid, "PPid")
    assert os.path.samefile(link.value("binary"), program)
    assert f"Version:  {link.value('version')}\n" in printed
    assert link.value("socket") in listening
    assert link.value("containerd") == engine.address


def test_the_bundle_is_in_the_engines_state(chain: Chain, engine: Engine, peer: Peer) -> None:
    """Its directory, its files, and the bytes of its spec, which are the record's."""
    link = chain["bundle"]
    bundle = engine.bundles / peer.namespace / peer.id
    spec = (bundle / "config.json").read_bytes()

    assert link.value("directory") == str(bundle)
    assert link.value("files").split() == sorted(os.listdir(bundle))
    assert link.value("spec") == f"sha256:{hashlib.sha256(spec).hexdigest()}"
    assert peer.record["Spec"]["process"]["args"] == json.loads(spec)["process"]["args"]


def test_runc_says_the_same(chain: Chain, peer: Peer) -> None:
    """Status, pid and bundle as `runc state` has them, version as `runc --version`."""
    link = chain["runc"]
    state = peer.runc
    printed = subprocess.run(["runc", "--version"], check=True, capture_output=True, text=True).stdout

    assert link.value("status") == state["status"] == "running"
    assert link.value("pid") == str(state["pid"])
    assert link.value("root") == f"{peer.runc_root}/{peer.namespace}"
    assert f"runc version {link.value('version')}\n" in printed
    assert chain["bundle"].value("directory") == state["bundle"]


def test_confinement_is_what_the_kernel_enforces(chain: Chain, peer: Peer) -> None:
    """Capabilities as the spec asked for and the kernel's mask says; seccomp and no_new_privs likewise."""
    link = chain["process"]
    asked = peer.record["Spec"]["process"]
    mask = int(_status(peer.pid, "CapEff"), 16)

    assert {f"CAP_{name.upper()}" for name in link.value("capabilities").split()} == set(
        asked["capabilities"]["effective"]
    )
    assert len(link.value("capabilities").split()) == mask.bit_count()
    assert link.value("seccomp") == {"0": "off", "2": "filter"}[_status(peer.pid, "Seccomp")]
    assert link.value("no_new_privs") == ("yes" if asked.get("noNewPrivileges") else "no")


def test_namespaces_are_those_of_the_process(chain: Chain, peer: Peer) -> None:
    """Inode numbers as stat(2) gives them; own are those that the spec asked for."""
    link = chain["namespaces"]
    asked = {entry["type"] for entry in peer.record["Spec"]["linux"]["namespaces"]}
    words = {"mount": "mnt", "network": "net"}

    for fact in link.facts:
        assert fact.value == str(os.stat(f"/proc/{peer.pid}/ns/{fact.of}").st_ino)
    assert {fact.of for fact in link.labelled("own")} == {words.get(kind, kind) for kind in asked}
    for fact in link.labelled("host"):
        assert fact.value == str(os.stat(f"/proc/self/ns/{fact.of}").st_ino)


def test_cgroups_have_the_process_in_them(chain: Chain, peer: Peer) -> None:
    """Every directory that is shown lists the pid."""
    directories = chain["cgroups"].labelled("directory")

    assert directories
    for fact in directories:
        assert str(peer.pid) in Path(fact.value, "cgroup.procs").read_text().split()


def test_a_stopped_task(client: Client, engine: Engine, services: Services, image: str, roots: Any) -> None:
    """Shim, bundle and runc's state are still there, the process is not; the exit status is containerd's."""
    with made(engine, services.namespace, "ended", roots[1] / "runc", "/bin/sh", "-c", "exit 7") as peer:
        wait_until(lambda: "STOPPED" in peer.ctr("task", "ls"), 10, "the task to stop")
        chain = client.chain("ended")

    assert (chain["task"].value("status"), chain["task"].value("exit status")) == ("stopped", "7")
    assert chain["runc"].value("status") == "stopped"
    assert chain["shim"].value("pid")
    assert chain["process"].missing == "none: the task's status is stopped"
    assert chain.disagreements == ()


def test_a_container_without_task(client: Client, peer: Peer) -> None:
    """Record, image and snapshot remain; of each other layer it is said where it was looked for."""
    peer.ctr("task", "delete", "--force", peer.id)

    chain = client.chain(peer.id)

    assert chain["snapshot"].value("directory", peer.id)
    assert "Tasks.Get" in chain["task"].missing
    assert f"-id {peer.id}" in chain["shim"].missing
    assert str(peer.runc_root) in chain["runc"].missing
    assert chain["cgroups"].missing


def test_an_image_that_was_removed(client: Client, services: Services, peer: Peer) -> None:
    """The record still names it, and that it is gone is said."""
    services.images.delete(NAME)

    chain = client.chain(peer.id)

    assert chain["image"].missing == f"gone: Images.Get knows no {NAME}"
    assert chain["snapshot"].labelled("committed")


def test_a_name_that_was_given_to_another_image(client: Client, services: Services, peer: Peer) -> None:
    """The container was not made from what its image's name stands for today: two witnesses, two answers."""
    from chub.core.rootfs import import_rootfs

    tree = peer.runc_root.parent / "tree"
    tree.mkdir()
    (tree / "file").touch()
    import_rootfs(services, tree, name="busybox", snapshotter="overlayfs", progress=None)
    (tree / "file").unlink()

    chain = client.chain(peer.id)

    assert [(str(layer), fact.label) for layer, fact in chain.disagreements] == [("image", "chain ID")]


def test_a_pid_that_is_reused_is_not_looked_at(client: Client, peer: Peer) -> None:
    """A process that was killed: whatever containerd knows by then, nobody else's process is shown."""
    pid = peer.pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the process to end")

    link = client.chain(peer.id)["process"]

    assert link.missing
    assert not link.facts


def test_by_any_process_of_it(client: Client, services: Services, peer: Peer) -> None:
    """Init, and a process that was exec'd: the namespace does not matter."""
    peer.ctr("task", "exec", "--detach", "--exec-id", "y", peer.id, "/bin/sleep", "1001")
    members = [int(line.split()[0]) for line in peer.ctr("task", "ps", peer.id).splitlines()[1:]]

    found = [client.chain(pid=pid) for pid in members]

    assert len(found) == 2
    for chain in found:
        assert (chain.namespace, chain.id) == (services.namespace, peer.id)
        assert "Tasks.ListPids" in {witness.source for witness in chain.found}


def test_a_process_of_no_container(client: Client) -> None:
    """The error says what was looked for."""
    with pytest.raises(NotFound, match="no ancestor of it is a shim"):
        client.chain(pid=os.getpid())


def test_a_process_that_does_not_exist(client: Client) -> None:
    """The kernel's highest pid is never given out."""
    with pytest.raises(NotFound, match="no such file or directory"):
        client.chain(pid=int(Path("/proc/sys/kernel/pid_max").read_text()))


def test_everywhere(services: Services, settings: Any, peer: Peer) -> None:
    """From another namespace it is found with a hint, and with `everywhere` at once."""
    from chub.sdk.client import Client

    with Client(address=services.address, namespace="default") as elsewhere:
        with pytest.raises(NotFound) as raised:
            elsewhere.chain(peer.id)
        found = elsewhere.chain(peer.id, everywhere=True)

    assert services.namespace in raised.value.hint
    assert (found.namespace, found.id) == (services.namespace, peer.id)


def test_an_ambiguous_beginning(client: Client, engine: Engine, peer: Peer) -> None:
    """Two containers begin so: neither is guessed."""
    with made(engine, peer.namespace, "peer-2", peer.runc_root), pytest.raises(Conflict):
        client.chain("peer-")


def test_a_container_of_chubs(chub: Command, client: Client, engine: Engine, image: str) -> None:
    """By its name; runc's root is chub's own, and nothing contradicts anything."""
    with chub.start("run", "--rm", "--name", "web", image, "sleep", "1000") as running:
        try:
            wait_until(lambda: "sleep" in chub.ok("ps", "--no-trunc"), 20, "the container to run")
            chain = client.chain("web")
            screen = chub.ok("chain", "web")
            said = json.loads(chub.ok("chain", "web", "--format", "json"))
        finally:
            chub.ok("rm", "-f", "web")
        running.wait(timeout=20)

    assert (chain.name, len(chain.id)) == ("web", 64)
    assert chain.disagreements == ()
    assert {str(link.layer) for link in chain.links if link.missing} == {"docker"}
    assert chain["process"].value("seccomp") == "filter"
    assert screen.startswith(f"web  {chain.id[:12]}  in namespace {chain.namespace}\n")
    assert [link["layer"] for link in said["links"]] == [str(link.layer) for link in chain.links]
    assert max(map(len, screen.splitlines())) <= 80
    assert len(screen.splitlines()) <= 50


def test_how_a_container_of_chubs_ended(chub: Command, client: Client, image: str) -> None:
    """What containerd forgot with the task, chub wrote down."""
    assert chub("run", "--name", "web", image, "sh", "-c", "exit 3").exit_status == 3

    link = client.chain("web")["process"]
    screen = chub.ok("chain", "web")
    chub.ok("rm", "web")

    assert link.value("exit code") == "3"
    assert link.missing == "none: no task, so no process"
    assert "exit code    3, ended " in screen


def test_a_prepared_directory_as_root(client: Client, engine: Engine, busybox: Path, roots: Any) -> None:
    """Without image and snapshot the kernel still says what is mounted."""
    peer = Peer(engine=engine, namespace=client.settings.namespace, id="bare", runc_root=roots[1] / "runc")
    peer.ctr("run", "--detach", "--runc-root", str(peer.runc_root), "--rootfs", str(busybox), "bare", *PROGRAM)
    try:
        chain = client.chain("bare")
    finally:
        peer.remove()

    assert chain["image"].missing.startswith("none: ")
    assert str(busybox).endswith(chain["snapshot"].value("directory", "rootfs"))


def test_the_command_line_by_process(chub: Command, peer: Peer) -> None:
    """`--pid` finds it, and says how."""
    screen = chub.ok("chain", "--pid", str(peer.pid))

    assert screen.startswith(f"{peer.id}  in namespace {peer.namespace}\n")
    assert f"found by Tasks.ListPids: {peer.id} has process {peer.pid}" in screen


@pytest.mark.parametrize("words", [(), ("web", "--pid", "1"), ("web", "--format", "yaml")])
def test_the_command_line_refuses(chub: Command, words: tuple[str, ...]) -> None:
    """Nothing named, two things named, a format that there is not: a reason and a hint."""
    ended = chub("chain", *words)

    assert ended.exit_status == 1
    assert ended.stderr.startswith("chub: ")
    assert "\nhint: " in ended.stderr
