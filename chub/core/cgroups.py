"""The cgroups of this machine: what they can limit, what they have counted, and what is left of them."""

from __future__ import annotations

import os
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.workspace import Workspace
    from chub.oci.limits import Controls

NOTES = "cgroups"  # a directory in the state directory of a namespace, with a file for each that was left
ROOT = "/sys/fs/cgroup"

# With cgroup version 1: the file that a kernel has if it can keep a limit.
_FILES = {
    "memory": "memory/memory.limit_in_bytes",
    "memory_swap": "memory/memory.memsw.limit_in_bytes",
    "memory_reservation": "memory/memory.soft_limit_in_bytes",
    "memory_swappiness": "memory/memory.swappiness",
    "oom_kill_disable": "memory/memory.oom_control",
    "pids_limit": "pids",
    "nano_cpus": "cpu/cpu.cfs_quota_us",
    "cpu_period": "cpu/cpu.cfs_period_us",
    "cpu_quota": "cpu/cpu.cfs_quota_us",
    "cpu_shares": "cpu/cpu.shares",
    "cpuset_cpus": "cpuset",
    "cpuset_mems": "cpuset",
    "blkio_weight": "blkio/blkio.weight",
}
# With version 2: the controller of each; memory.swappiness and the way to do without the OOM killer are gone.
_CONTROLLERS = {"blkio": "io", "nano": "cpu"}


def controls(root: str = ROOT) -> Controls:
    """What the cgroups of this machine can limit: a few small files below `root`."""
    from chub.oci.limits import Controls

    unified = _text(f"{root}/cgroup.controllers")
    if unified is not None:
        able = _able_unified(set(unified.split()))
        cpus, mems = (_text(f"{root}/cpuset.{each}.effective") for each in ("cpus", "mems"))
    else:
        able = frozenset(name for name, file in _FILES.items() if os.path.exists(f"{root}/{file}"))
        cpus, mems = (_text(f"{root}/cpuset/cpuset.{each}") for each in ("cpus", "mems"))
    count = len(os.sched_getaffinity(0))
    return Controls(able=able, cpu_count=count, cpus=cpus or f"0-{count - 1}", mems=mems or "0")


def _able_unified(controllers: set[str]) -> frozenset[str]:
    heads = {name: name.partition("_")[0] for name in _FILES.keys() - {"memory_swappiness", "oom_kill_disable"}}
    able = {name for name, head in heads.items() if _CONTROLLERS.get(head, head) in controllers}
    return frozenset(able if os.path.exists("/proc/swaps") else able - {"memory_swap"})


def _text(path: str) -> str | None:
    """What is in a small file, without the end of its line; None if there is none."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return None


def oom_kills(path: str, root: str = ROOT) -> int:
    """How many processes of a cgroup the kernel has killed because memory ran out; 0 where that is not known.

    `path` is below the root of the hierarchy. Kernels before 4.13 do not count them.
    """
    if not path.startswith("/"):  # systemd's way to write it, or none
        return 0
    for file in (f"memory{path}/memory.oom_control", f"{path[1:]}/memory.events"):
        for line in (_text(f"{root}/{file}") or "").splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0


def hierarchies(root: str = ROOT) -> tuple[str, ...]:
    """The roots of the hierarchies that there are: one with cgroup version 2."""
    if os.path.exists(f"{root}/cgroup.controllers"):
        return (root,)
    with suppress(OSError):
        return tuple(each.path for each in os.scandir(root) if each.is_dir(follow_symlinks=False))
    return ()


def note(workspace: Workspace, path: str) -> None:
    """Remember the cgroup of a container that is about to be forgotten, if it is still there: doctor finds it then."""
    from chub.core.workspace import private_directory

    if any(os.path.isdir(f"{each}{path}") for each in hierarchies()):
        with suppress(OSError):  # no right to write
            (private_directory(workspace.state / NOTES) / _escaped(path)).touch()


def noted(workspace: Workspace) -> tuple[str, ...]:
    """What was remembered."""
    with suppress(OSError):
        return tuple(sorted(name.replace("\\", "/") for name in os.listdir(workspace.state / NOTES)))
    return ()


def forget(workspace: Workspace, path: str) -> None:
    """It is gone."""
    notes = workspace.state / NOTES
    with suppress(OSError):
        (notes / _escaped(path)).unlink()
        notes.rmdir()  # if it was the last one


def _escaped(path: str) -> str:
    """A path as the name of a file."""
    return path.replace("/", "\\")
