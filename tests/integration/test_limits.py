"""Limits as the kernel has them, from a container's start, by an update, and what happens at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import chub
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chub.sdk.client import Client
    from tests.support.command import Command

ROOT = Path("/sys/fs/cgroup")
UNIFIED = (ROOT / "cgroup.controllers").exists()
MORE_THAN_THE_KERNEL_COUNTS = 10**15  # microseconds
MIB = 1 << 20
# What is asked for, and the files of a cgroup, version 1 and 2, with what they have then.
ASKED: dict[tuple[str, ...], tuple[dict[str, object], dict[str, object]]] = {
    ("-m", "100m", "--memory-swap", "150m", "--memory-reservation", "50m"): (
        {
            "memory/memory.limit_in_bytes": 100 * MIB,
            "memory/memory.memsw.limit_in_bytes": 150 * MIB,
            "memory/memory.soft_limit_in_bytes": 50 * MIB,
        },
        {"memory.max": 100 * MIB, "memory.swap.max": 50 * MIB, "memory.low": 50 * MIB},
    ),
    ("--cpus", "1.5"): (
        {"cpu/cpu.cfs_quota_us": 150000, "cpu/cpu.cfs_period_us": 100000},
        {"cpu.max": "150000 100000"},
    ),
    ("-c", "512", "--cpuset-cpus", "0", "--cpuset-mems", "0", "--pids-limit", "20"): (
        {"cpu/cpu.shares": 512, "cpuset/cpuset.cpus": 0, "cpuset/cpuset.mems": 0, "pids/pids.max": 20},
        {"cpuset.cpus": 0, "cpuset.mems": 0, "pids.max": 20},
    ),
}


def kernel(id: str, files: Iterable[str]) -> dict[str, str]:
    """What the files of a container's cgroup have."""
    found = {}
    for file in files:
        controller, _, name = file.rpartition("/")
        found[file] = (ROOT / controller / "chub" / id / name).read_text().strip()
    return found


def expected() -> dict[str, str]:
    """What the files shall have, with the cgroups of this host."""
    return {file: str(value) for pair in ASKED.values() for file, value in pair[UNIFIED].items()}


def states(chub: Command, *names: str) -> dict[str, tuple[str, bool, int]]:
    """How containers are, whether the kernel killed in them, and their exit codes."""
    found = {each["Name"][1:]: each["State"] for each in json.loads(chub.ok("inspect", *names))}
    return {name: (each["Status"], each["OOMKilled"], each["ExitCode"]) for name, each in found.items()}


def test_the_kernel_is_told(chub: Command, image: str) -> None:
    """Every limit is in the container's cgroup, and what a process of it inherits in /proc."""
    flags = [word for words in ASKED for word in words]
    id = chub.ok("run", "-d", "--oom-score-adj", "70", *flags, image, "sleep", "1000").strip()

    assert expected() == kernel(id, expected())
    assert chub.ok("exec", id, "cat", "/proc/1/oom_score_adj") == "70\n"
    chub.ok("rm", "-f", id)


def test_an_update(client: Client, image: str) -> None:
    """The kernel and inspect follow at once where it runs, else at the next start; the rest stays as it was."""
    limits = chub.Limits(memory=64 * MIB, cpu_shares=512)
    request = chub.Request(image=image, words=("sleep", "1000"), limits=limits)
    running, resting = client.containers.launch(request), client.containers.create(request)

    for container in (running, resting):
        assert container.update(chub.Limits(memory=32 * MIB, memory_swap=48 * MIB, pids_limit=7)) == ()
    resting.start()

    files = {"memory/memory.limit_in_bytes": 32, "memory/memory.memsw.limit_in_bytes": 48}
    files = {"memory.max": 32, "memory.swap.max": 16} if UNIFIED else files
    for container in (running, resting):
        assert {file: str(size * MIB) for file, size in files.items()} == kernel(container.id, files)
        shown = container.inspect()["HostConfig"]
        assert (shown["Memory"], shown["MemorySwap"], shown["CpuShares"]) == (32 * MIB, 48 * MIB, 512)
        pids = "pids.max" if UNIFIED else "pids/pids.max"
        assert kernel(container.id, [pids]) == {pids: "7"}

    running.update(chub.Limits(memory_swap=-1, pids_limit=-1))
    swap, free = ("memory.swap.max", "max") if UNIFIED else ("memory/memory.memsw.limit_in_bytes", str(2**63 - 4096))
    assert kernel(running.id, [swap, pids]) == {swap: free, pids: "max"}
    assert running.inspect()["HostConfig"]["PidsLimit"] == 0
    running.remove(force=True)
    resting.remove(force=True)


def test_an_update_that_fails(client: Client, image: str) -> None:
    """The record is as it was when the runtime refuses: the next start has the old limits."""
    request = chub.Request(image=image, words=("sleep", "1000"), limits=chub.Limits(cpu_shares=512))
    container = client.containers.launch(request)

    with pytest.raises(chub.ChubError, match=f"Cannot update container {container.id}: .*"):
        container.update(chub.Limits(cpu_quota=MORE_THAN_THE_KERNEL_COUNTS, pids_limit=9))

    shown = container.reload().inspect()["HostConfig"]
    assert (shown["CpuShares"], shown["PidsLimit"], shown["CpuQuota"]) == (512, None, 0)
    container.remove(force=True)


def test_out_of_memory(chub: Command, image: str) -> None:
    """The program ends with 137 and is marked, as is one whose child was killed, and one that runs on; no other."""
    small = ("run", "-d", "-m", "20m", "--memory-swap", "20m", "--name")
    chub.ok(*small, "runs", image, "sh", "-c", "tail /dev/zero; exec sleep 1000")
    chub.ok(*small, "eats", image, "tail", "/dev/zero")
    chub.ok(*small, "mother", image, "sh", "-c", "tail /dev/zero; exit 0")
    chub.ok(*small, "killed", image, "sleep", "1000")
    chub.ok("kill", "killed")
    assert chub.ok("wait", "eats", "mother", "killed").split() == ["137", "0", "137"]

    wait_until(lambda: states(chub, "runs")["runs"][1], 20, "the kernel to kill a child")
    assert states(chub, "runs", "eats", "mother", "killed") == {
        "runs": ("running", True, 0),
        "eats": ("exited", True, 137),
        "mother": ("exited", True, 0),
        "killed": ("exited", False, 137),
    }
    assert chub("start", "-a", "eats").exit_status == 137
    assert states(chub, "eats")["eats"][1]
    chub.ok("rm", "-f", "runs", "eats", "mother", "killed")
