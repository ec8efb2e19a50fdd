"""Limits through docker 28 and chub: what they take, what they say, what inspect shows, what the kernel is told."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from chub.core.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command import Command, Ended

ID = re.compile(r"[0-9a-f]{64}")
KEYS = (
    *("Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "OomKillDisable", "OomScoreAdj", "NanoCpus"),
    *("CpuShares", "CpuPeriod", "CpuQuota", "CpusetCpus", "CpusetMems", "PidsLimit", "BlkioWeight"),
)

pytestmark = pytest.mark.nightly

TAKEN = [
    *("-m 6m", "-m 100m --memory-swap 0 --cpus 1.5", "--memory=1.5g --memory-swap 1.6g --pids-limit 0 -c 300"),
    *("--memory-swap -1 --cpus 1/2 --pids-limit -1", "-m 100m --memory-swap -1 --memory-reservation 6m --cpu-quota -1"),
    *("--memory-swappiness -1 --cpus .5 --cpuset-cpus 0-1 -c 0", "--memory-swappiness 0 --cpuset-cpus 0,1"),
    *("--memory-swappiness 60 --cpuset-mems 0 --cpus 0 --cpu-quota 1000", "--kernel-memory 5m --blkio-weight 0"),
    *("--cpu-period 50000 --cpu-quota 5000 --pids-limit 0x10", "--blkio-weight 500", "--oom-kill-disable"),
    *("--oom-kill-disable -m 50m --oom-score-adj 7 --cpuset-cpus ''",),
]
REFUSED = [
    *("-m 3m", "-m -1", "-m ''", "-m 100m --memory-swap 50m", "--memory-swap 100m", "--memory-swap -2"),
    *("--memory-reservation 5m", "-m 100m --memory-reservation 200m", "--memory-swappiness 101"),
    *("--memory-swappiness x", "--cpus 99", "--cpus x", "--cpus 0.0000000001", "--cpus 1 --cpu-period 100000"),
    *("--cpus 1 --cpu-quota 100000", "-c -1", "--cpu-shares x", "--cpu-period 999", "--cpu-quota 999"),
    *("--cpuset-cpus 4000", "--cpuset-cpus 0,", "--cpuset-cpus 99999", "--cpuset-mems x", "--pids-limit x"),
    *("--blkio-weight -1", "--blkio-weight 70000", "--oom-kill-disable=x", "--oom-score-adj 1001", "--oom-score-adj x"),
]
# What follows is said to a container "web" that runs ("+", with a limit or without) or does not ("-").
UPDATES = {
    "+ -m 300m": [
        *("-m 100m --pids-limit 100", "-m 900m", "-m 5m", "-m x", "--memory-reservation 1g --pids-limit 0", "--cpus 1"),
        *("--cpu-quota 50000", "--cpu-period 50000", "--cpus 99", "-c 512 --cpuset-mems 0 --pids-limit -1", "-c 1"),
        *("--cpuset-cpus 1 -c 0 --cpus 0 -m 0", "--cpuset-cpus 4000", "--blkio-weight 300", "--cpu-quota -1", ""),
    ],
    "+ --cpu-quota 50000": ["--cpus 1", "--cpu-period 20000", "--cpus 1 --cpu-period 20000", "-m 100m"],
    "-": [
        *("--memory-swap 100m", "-m 50m", "--memory-swap -1", "-m 50m", "--cpu-quota 50000", "--cpus 1"),
        *("--pids-limit 7 --cpuset-cpus 0 -c 5", "--kernel-memory 50m"),
    ],
}


def words(text: str) -> str:
    """The last part of docker's first line, which scripts look for: without who says it, and without ids."""
    first = next((line for line in text.splitlines() if line.strip() and "IPv4 forwarding" not in line), "")
    said = re.sub(r"strconv\.Parse\w+: |\(-?\d+\)", "", ID.sub("ID", first.removeprefix("docker: ")))
    return said.rpartition(": ")[2]


def output(ended: Ended) -> str:
    """What it printed, without ids and what docker says of this host's network."""
    return ID.sub("ID", "".join(line for line in ended.stdout.splitlines(True) if "IPv4 forwarding" not in line))


def limits(client: Command, *names: str) -> list[dict[str, Any]]:
    """What inspect says of limits."""
    found = json.loads(client("container", "inspect", *names).stdout)
    return [{key: each["HostConfig"][key] for key in KEYS} for each in found]


def same(docker: Command, chub: Command, *command: str) -> None:
    """A command has the same stdout and exit status, and docker's words in chub's; both are run at once."""
    docker_said, chub_said = together(lambda: docker(*command), lambda: chub(*command))
    line = " ".join(command)
    assert output(docker_said) == output(chub_said), (line, docker_said, chub_said)
    assert docker_said.exit_status == chub_said.exit_status, (line, docker_said, chub_said)
    assert words(docker_said.stderr) in re.sub(r"\(-?\d+\)", "", ID.sub("ID", chub_said.stderr)), (
        line,
        docker_said,
        chub_said,
    )


def cleared(client: Command) -> None:
    """Remove all containers."""
    if left := client.ok("ps", "-aq").split():
        client("rm", "-f", *left)


def test_what_is_taken(docker: Command, docker_image: str, chub: Command, image: str) -> None:
    """Docker's exit status and warning, and what inspect shows of it."""
    assert docker_image == image
    names = [f"web{place}" for place, _ in enumerate(TAKEN)]
    try:
        for name, line in zip(names, TAKEN, strict=True):
            flags = ("create", "--name", name, "--network", "none", *shlex.split(line), image, "true")
            same(docker, chub, *flags)
        for line, theirs, ours in zip(TAKEN, limits(docker, *names), limits(chub, *names), strict=True):
            assert theirs == ours, line
    finally:
        cleared(docker)
        cleared(chub)


def test_what_is_refused(docker: Command, docker_image: str, chub: Command, image: str) -> None:
    """Docker's exit status and words, for `create`, and once for `run`; nothing is left."""
    assert docker_image == image
    for line in REFUSED:
        flags = (*shlex.split(line), image, "true")
        same(docker, chub, "create", *flags)
    same(docker, chub, "run", "-m", "3m", image)
    assert chub.ok("ps", "-aq") == ""


@pytest.mark.parametrize("kind", UPDATES)
def test_updates(docker: Command, docker_image: str, chub: Command, image: str, kind: str) -> None:
    """Docker's exit status and words line after line, and what inspect shows in the end."""
    assert docker_image == image
    state, *flags = kind.split()
    made = (*("run -d" if state == "+" else "create").split(), "--name", "web", "--network", "none", *flags)
    try:
        for client in (docker, chub):
            client.ok(*made, image, "sleep", "1000")
        for line in UPDATES[kind]:
            same(docker, chub, "update", *shlex.split(line), "web")
        same(docker, chub, *"container update -m 3m nosuch web".split())
        assert limits(docker, "web") == limits(chub, "web")
    finally:
        cleared(docker)
        cleared(chub)


SHOWN = ("NetworkMode", "IpcMode", "PidMode", "UTSMode", "CgroupnsMode", "CgroupParent", "Devices", "DeviceCgroupRules")
SHARED = [
    *("--ipc host --pid host --uts host --cgroupns host", "--ipc none --cgroupns private --cgroup-parent /foo/bar"),
    *("--ipc private --cgroup-parent foo --device /dev/null:/dev/x:r", "--ipc shareable --device /dev/null:r"),
    *("--ipc container:donor --pid container:donor --network container:donor", "--ipc '' --pid '' --uts ''"),
    *("--network container:nosuch", "--device /dev/nosuch --device /dev/null:/dev/x --cgroup-parent ''"),
    *("--device-cgroup-rule 'c 42:* rmw' --device-cgroup-rule 'a *:* r'", "--privileged --device /dev/null"),
]
UNSHARED = [
    *("--ipc bogus", "--ipc container:nosuch", "--pid bogus", "--pid container:nosuch"),
    *("--pid container:", "--uts bogus", "--uts container:donor", "--cgroupns bogus", "--network container:"),
    *("--uts host -h box", "--network container:donor -h box", "--device nosuch", "--device /dev/null:rwz"),
    *("--device a:b:c:d", "--device /dev/null::r", "--device-cgroup-rule x", "--device-cgroup-rule 'c 1:3 x'"),
]
# What is run, with "donor" (which shares its IPC), "miser" (which does not) and "rests" (which does not run) there.
JOINS = [
    *("--network container:donor", "--network container:rests", "--network container:nosuch", "--ipc container:donor"),
    *("--ipc container:miser", "--ipc container:rests", "--pid container:donor", "--pid container:rests"),
    *("--pid host --init", "--uts host", "--network host --uts host", "--device /dev/net"),
]
SCRIPT = "grep -c /dev/shm /proc/mounts; test $$ = 1; echo $?; cat /proc/1/comm; ls /sys/class/net /dev | grep -v pts"


@pytest.fixture
def donors(docker: Command, docker_image: str, chub: Command, image: str) -> Iterator[None]:
    """The three containers that others join, in both."""
    assert docker_image == image
    for client in (docker, chub):
        for name, *flags in (("donor", "--ipc", "shareable"), ("miser",)):
            client.ok("run", "-d", "--network", "none", "--name", name, *flags, image, "sleep", "1000")
        client.ok("create", "--network", "none", "--name", "rests", image, "true")
    yield
    cleared(docker)
    cleared(chub)


def shared(client: Command, names: list[str]) -> list[dict[str, Any]]:
    """What inspect says of what is shared, with names instead of ids."""
    ids = dict(
        line.split() for line in client.ok("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}").splitlines()
    )
    found = json.loads(client.ok("container", "inspect", *names))
    text = json.dumps([{key: each["HostConfig"][key] for key in SHOWN} for each in found])
    for id, name in ids.items():
        text = text.replace(id, name)
    return json.loads(text)  # type: ignore[no-any-return]


@pytest.mark.usefixtures("donors")
def test_what_is_shared(docker: Command, chub: Command, image: str) -> None:
    """What `create` takes and refuses, and what inspect shows of it."""
    names = [f"web{place}" for place, _ in enumerate(SHARED)]
    for name, line in zip(names, SHARED, strict=True):
        network = () if "--network" in line else ("--network", "none")
        flags = ("create", "--name", name, *network, *shlex.split(line), image, "true")
        same(docker, chub, *flags)
    for line, theirs, ours in zip(SHARED, shared(docker, names), shared(chub, names), strict=True):
        assert theirs == ours, line
    for line in UNSHARED:
        network = () if "--network" in line else ("--network", "none")
        flags = ("create", *network, *shlex.split(line), image, "true")
        same(docker, chub, *flags)


@pytest.mark.usefixtures("donors")
def test_what_a_program_finds(docker: Command, chub: Command, image: str) -> None:
    """Docker's exit status and words, and the same mounts, processes and devices inside."""
    for line in JOINS:
        network = () if "--network" in line else ("--network", "none")
        flags = ("run", "--rm", *network, *shlex.split(line), image, "sh", "-c", SCRIPT)
        same(docker, chub, *flags)
