"""What the collectors make of a recorded host."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from chub.api.containers import Container, Runtime
from chub.api.runc import RuncOptions
from chub.api.types import Mount
from chub.api.wire import TypedValue
from chub.chain.collect import bundle, kernel, runc, shim, snapshot
from chub.chain.find import Place
from chub.chain.links import Evidence
from tests.unit.chain.conftest import (
    BUNDLE,
    HOSTS,
    ID,
    INIT,
    NAMESPACE,
    OWN,
    RUNC_ROOT,
    SHARED,
    SHIM,
    SNAPSHOTS,
    SOCKET,
    Recorder,
)

if TYPE_CHECKING:
    from chub.chain.host import Host

SPEC = b'{"ociVersion":"1.0.2"}'
SPEC_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Spec"
PLACE = Place(address=SOCKET, namespace=NAMESPACE, id=ID)
RECORD = Container(
    id=ID,
    runtime=Runtime(name="io.containerd.runc.v2"),
    spec=TypedValue(type_url=SPEC_TYPE, value=SPEC),
)
STATE = f"{RUNC_ROOT}/{NAMESPACE}/{ID}/state.json"


def test_the_shim_is_the_parent_of_init(host: Host) -> None:
    """Both the parent's pid and the arguments say which process it is; its directory is the bundle."""
    found, _ = shim.find(host, PLACE, INIT)

    assert found is not None
    assert [witness.source for witness in found.evidence] == [f"/proc/{INIT}/status", f"/proc/{SHIM}/cmdline"]
    assert {witness.said for witness in found.evidence} == {str(SHIM)}
    assert found.bundle == BUNDLE


def test_a_shim_is_found_without_init(host: Host) -> None:
    """An exited task has a shim and no process: the arguments are enough."""
    found, _ = shim.find(host, PLACE, 0)

    assert found is not None
    assert found.pid == SHIM


def test_another_containerds_shim_is_not_it(host: Host) -> None:
    """The same namespace and id in a second containerd is another container."""
    place = Place(address="/other/containerd.sock", namespace=NAMESPACE, id=ID)

    found, why = shim.find(host, place, 0)

    assert found is None
    assert "/other/containerd.sock" in why


def test_a_program_in_a_container_is_no_shim(recorder: Recorder, host: Host) -> None:
    """A process that calls itself a shim inside another pid namespace does not count."""
    words = ("containerd-shim-runc-v2", "-namespace", NAMESPACE, "-id", ID, "-address", SOCKET)
    recorder.process(SHIM, 1, words, OWN | SHARED)

    assert shim.find(host, PLACE, INIT)[0] is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("address", "unix:///run/containerd/s/abc"),
        ("bootstrap.json", '{"version":3,"address":"unix:///run/containerd/s/abc","protocol":"ttrpc"}'),
    ],
)
def test_the_shims_socket(recorder: Recorder, host: Host, name: str, content: str) -> None:
    """The file is called differently: containerd 1 writes `address`, containerd 2 `bootstrap.json`."""
    (host.root / f"{BUNDLE}/address".lstrip("/")).unlink()
    recorder.write(f"{BUNDLE}/{name}", content)

    link = shim.collect(host, *shim.find(host, PLACE, INIT))

    socket = link.fact("socket")
    assert socket is not None
    assert (socket.value, socket.source) == ("/run/containerd/s/abc", f"{BUNDLE}/{name}")


def test_a_recording_runs_no_program(host: Host) -> None:
    """The version of a recorded shim cannot be asked, and says so."""
    version = shim.collect(host, *shim.find(host, PLACE, INIT)).fact("version")

    assert version is not None
    assert version.evidence[0].failed.startswith("recorded")


def test_programs_that_contradict_each_other_are_both_kept(recorder: Recorder, host: Host) -> None:
    """A shim that runs another program than the bundle says: upgraded, or worse."""
    recorder.link(f"/proc/{SHIM}/exe", "/usr/bin/containerd-shim-runc-v2 (deleted)")

    binary = shim.collect(host, *shim.find(host, PLACE, INIT)).fact("binary")

    assert binary is not None
    assert not binary.agreed
    assert len(binary.evidence) == 2


def test_the_bundles_spec_beside_the_records(host: Host) -> None:
    """The same bytes have the same digest, with both as witnesses."""
    link = bundle.collect(host, (Evidence("cwd", BUNDLE),), RECORD)

    spec = link.fact("spec")
    assert spec is not None
    assert spec.value == f"sha256:{hashlib.sha256(SPEC).hexdigest()}"
    assert [witness.source for witness in spec.evidence] == [f"{BUNDLE}/config.json", "Containers.Get"]
    assert spec.agreed
    assert link.value("files") == "address config.json init.pid shim-binary-path"


def test_a_changed_spec_is_a_contradiction(recorder: Recorder, host: Host) -> None:
    """A config.json that is not the record's spec is told, not hidden."""
    recorder.write(f"{BUNDLE}/config.json", "{}")

    spec = bundle.collect(host, (Evidence("cwd", BUNDLE),), RECORD).fact("spec")

    assert spec is not None
    assert not spec.agreed


def test_a_bundle_that_is_gone(host: Host) -> None:
    """Its place is named, and that there is nothing."""
    assert "no such file" in bundle.collect(host, (Evidence("cwd", "/run/none"),), RECORD).missing


def test_runcs_state_at_the_default_root(host: Host) -> None:
    """Without options, the shim's default root."""
    state = runc.state(host, NAMESPACE, ID, RECORD, BUNDLE)

    assert (state.path, state.pid, state.bundle) == (STATE, INIT, BUNDLE)
    assert state.root.source == "default of io.containerd.runc.v2"


def test_runcs_root_from_the_runtime_options(recorder: Recorder, host: Host) -> None:
    """The record's options and the bundle's copy of them are two witnesses of one root."""
    recorder.write(f"{BUNDLE}/options.json", '{"root":"/run/private"}')
    options = RuncOptions(root="/run/private").packed()
    record = Container(id=ID, runtime=Runtime(name="io.containerd.runc.v2", options=options))

    state = runc.state(host, NAMESPACE, ID, record, BUNDLE)

    assert state.root.value == f"/run/private/{NAMESPACE}"
    assert [witness.source for witness in state.root.evidence] == ["Containers.Get", f"{BUNDLE}/options.json"]
    assert state.failed == "no such file or directory"


def test_another_runtime_has_no_runc(host: Host) -> None:
    """A microVM's shim calls no runc."""
    record = Container(id=ID, runtime=Runtime(name="io.containerd.kata.v2"))
    state = runc.state(host, NAMESPACE, ID, record, BUNDLE)

    assert "io.containerd.kata.v2" in runc.collect(host, state, ID, record, None).missing


def test_the_process(host: Host) -> None:
    """Identity and confinement, in words."""
    told = (Evidence("Tasks.Get", str(INIT)),)
    link = kernel.process(host, INIT, told, (Evidence(STATE, "64529"),))

    said = {fact.label: fact.value for fact in link.facts}
    assert said["pid inside"] == "1"
    assert said["arguments"] == "sleep 1 000"
    assert said["user"] == "uid 1000 gid 1001"
    assert said["capabilities"].split()[:2] == ["chown", "dac_override"]
    assert len(said["capabilities"].split()) == 14
    assert (said["seccomp"], said["no_new_privs"]) == ("filter", "yes")
    assert said["apparmor"] == "not in this kernel"
    assert all(fact.agreed for fact in link.facts)


def test_a_pid_that_was_given_to_another_process(host: Host) -> None:
    """The start time in runc's state is not the process's: the witnesses contradict each other."""
    link = kernel.process(host, INIT, (), (Evidence(STATE, "5"),))

    ticks = link.fact("start ticks")
    assert ticks is not None
    assert not ticks.agreed


def test_a_process_that_is_gone(host: Host) -> None:
    """Its place in /proc is named."""
    assert kernel.process(host, 999, (), ()).missing == "none: there is no /proc/999"


def test_unknown_capabilities_are_numbers() -> None:
    """A kernel that is newer than chub has capabilities without a name here."""
    assert kernel.capabilities("30000000001") == ("chown", "checkpoint_restore", "41")


def test_namespaces_own_and_the_hosts(host: Host) -> None:
    """What the shim has too is the host's, and both say so."""
    link = kernel.namespaces(host, INIT, SHIM, {})

    assert {fact.of: fact.value for fact in link.labelled("own")} == {k: str(v) for k, v in OWN.items()}
    assert {fact.of for fact in link.labelled("host")} == set(SHARED)
    assert all(len(fact.evidence) == 2 for fact in link.labelled("host"))
    assert HOSTS["net"] != OWN["net"]


def test_a_namespace_that_was_joined(host: Host) -> None:
    """A path in the spec: it is another container's, or was made by somebody else."""
    spec = {"linux": {"namespaces": [{"type": "network", "path": "/proc/7/ns/net"}, {"type": "pid"}]}}

    link = kernel.namespaces(host, INIT, SHIM, spec)

    assert [fact.of for fact in link.labelled("joined")] == ["net"]


def test_cgroups_with_runc_as_a_witness(host: Host) -> None:
    """The directories that runc made are held against the kernel's paths; in v2 they differ here."""
    state = runc.state(host, NAMESPACE, ID, RECORD, BUNDLE)

    link = kernel.cgroups(host, INIT, state.cgroups, state.path)

    by_name = {(fact.label, fact.of): fact for fact in link.facts}
    assert by_name["v1", "memory"].agreed
    assert len(by_name["v1", "memory"].evidence) == 2
    assert len(by_name["v1", "name=systemd"].evidence) == 1
    assert not by_name["v2", ""].agreed
    assert by_name["directory", "memory"].value == "/sys/fs/cgroup/memory/demo/web"


def test_the_mounted_root(host: Host) -> None:
    """The upper directory, then the lower ones from the top."""
    assert snapshot.mounted(host, INIT) == tuple(f"{SNAPSHOTS}/{number}/fs" for number in (3, 2, 1))


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        (
            [Mount(type="overlay", source="overlay", options=("upperdir=/3", "lowerdir=/2:/1"))],
            ("/3", "/2", "/1"),
        ),
        ([Mount(type="overlay", source="overlay", options=("lowerdir=/2:/1",))], ("/2", "/1")),
        ([Mount(type="bind", source="/1", options=("ro", "rbind"))], ("/1",)),
        ([Mount(type="btrfs", source="/dev/vda", options=("subvolid=7",))], ()),
        ([], ()),
    ],
)
def test_directories_of_mounts(mounts: list[Mount], found: tuple[str, ...]) -> None:
    """An overlay tells all its directories, a bind mount one, others none."""
    assert snapshot.directories(mounts) == found
