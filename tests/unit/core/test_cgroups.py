"""What the cgroups of a host can limit, as their files show it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chub.core.cgroups import controls

if TYPE_CHECKING:
    from pathlib import Path


def made(root: Path, **files: str) -> str:
    """A tree of cgroup files."""
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return str(root)


def test_version_1(tmp_path: Path) -> None:
    """A limit can be kept where its file is."""
    for name in ("memory/memory.limit_in_bytes", "memory/memory.swappiness", "cpu/cpu.cfs_quota_us", "pids/pids.max"):
        made(tmp_path, **{name: ""})
    root = made(tmp_path, **{"cpuset/cpuset.cpus": "0-3,8\n", "cpuset/cpuset.mems": "0-1\n"})

    found = controls(root)

    assert found.able == {
        *("memory", "memory_swappiness", "nano_cpus", "cpu_quota", "pids_limit", "cpuset_cpus", "cpuset_mems")
    }
    assert (found.cpus, found.mems) == ("0-3,8", "0-1")
    assert found.cpu_count == len(os.sched_getaffinity(0))


def test_version_2(tmp_path: Path) -> None:
    """Its controllers say what can be limited; swappiness and the way around the OOM killer are gone."""
    root = made(
        tmp_path,
        **{
            "cgroup.controllers": "cpu io memory\n",
            "cpuset.cpus.effective": "0-1\n",
            "cpuset.mems.effective": "0\n",
        },
    )

    found = controls(root)

    swap = {"memory_swap"} if os.path.exists("/proc/swaps") else set()
    cpu = {"nano_cpus", "cpu_period", "cpu_quota", "cpu_shares"}
    assert found.able == {"memory", "memory_reservation", "blkio_weight"} | cpu | swap
    assert (found.cpus, found.mems) == ("0-1", "0")


def test_no_cgroups(tmp_path: Path) -> None:
    """Nothing can be limited, and nothing fails."""
    assert controls(str(tmp_path)).able == frozenset()
