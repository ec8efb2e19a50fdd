"""From a process to its container, on a recorded host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chub.chain import find
from chub.errors import NotFound
from tests.unit.chain.conftest import CHILD, CONTAINERD, HOSTS, ID, INIT, OWN, SHARED, SHIM, SOCKET, Recorder

if TYPE_CHECKING:
    from chub.chain.host import Host


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("/demo/web", "web"),
        ("/docker/0123abcd", "0123abcd"),
        ("/system.slice/docker-0123abcd.scope", "0123abcd"),
        ("/kubepods.slice/kubepods-pod1.slice/cri-containerd-0123abcd.scope", "0123abcd"),
        ("/system.slice/nerdctl-0123abcd.scope", "0123abcd"),
        ("/docker/outer/docker/inner", "inner"),
        ("/docker/outer/docker/inner", "outer"),
    ],
)
def test_ids_in_cgroup_paths(recorder: Recorder, host: Host, path: str, id: str) -> None:
    """As cgroupfs and as systemd write them, for docker, Kubernetes and nerdctl, and one inside another."""
    recorder.write(f"/proc/{INIT}/cgroup", f"0::{path}\n")

    assert id in find.ids_in_cgroups(host, INIT)


def test_the_innermost_comes_first(recorder: Recorder, host: Host) -> None:
    """A container inside a container: the nearer one is asked for before the outer."""
    recorder.write(f"/proc/{INIT}/cgroup", "0::/docker/outer/docker/inner\n")

    found = find.ids_in_cgroups(host, INIT)

    assert found.index("inner") < found.index("outer")


def test_paths_that_are_no_ids_are_left_out(recorder: Recorder, host: Host) -> None:
    """A cgroup may be called anything; only what can be an id is asked for."""
    recorder.write(f"/proc/{INIT}/cgroup", "0::/../.hidden/with blank/$(x)\n")

    assert find.ids_in_cgroups(host, INIT) == []


@pytest.mark.parametrize("pid", [INIT, CHILD])
def test_the_shim_above_a_process(host: Host, pid: int) -> None:
    """Init's parent, and that of whatever init started; the shim names its containerd."""
    shim, arguments = find.shim_above(host, pid)

    assert (shim, arguments["-id"], arguments["-address"]) == (SHIM, ID, SOCKET)


def test_a_shim_inside_a_container_is_passed_over(recorder: Recorder, host: Host) -> None:
    """A containerd in a container has shims, which live in the container's pid namespace: the outer one counts."""
    words = ("containerd-shim-runc-v2", "-namespace", "x", "-id", "y", "-address", "/z")
    recorder.process(CHILD, INIT, words, OWN | SHARED)
    recorder.process(202, CHILD, ("sleep",), OWN | SHARED)

    assert find.shim_above(host, 202)[0] == SHIM


def test_a_process_of_the_host(host: Host) -> None:
    """The daemon itself is in no container."""
    with pytest.raises(NotFound, match="no ancestor of it is a shim"):
        find.shim_above(host, CONTAINERD)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("containerd-shim-runc-v2",),
        ("containerd-shim-runc-v2", "-namespace", "demo", "-id", "web"),
        ("/usr/bin/sleep", "-namespace", "demo", "-id", "web", "-address", SOCKET),
    ],
)
def test_what_is_no_shim(recorder: Recorder, host: Host, words: tuple[str, ...]) -> None:
    """A kernel thread, a shim that is asked for its version, arguments that are not all there, another program."""
    recorder.process(SHIM, 1, words, HOSTS | SHARED)

    assert find.shim_arguments(host, SHIM) is None
