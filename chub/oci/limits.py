"""Limits as this host can keep them, in docker's words for what it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from chub.errors import Conflict, Invalid
from chub.options.limits import UNLIMITED, Limits, parse_set
from chub.records import record

SMALLEST = 6 << 20  # bytes of memory that a runtime needs to start a program
PERIOD = 100_000  # microseconds, in which `nano_cpus` are counted
NANO = 10**9

_UNMOUNTED = "Your kernel does not support {} or the cgroup is not mounted. {} discarded."
_LACKS = {
    "memory": _UNMOUNTED.format("memory limit capabilities", "Limitation"),
    "memory_reservation": _UNMOUNTED.format("memory soft limit capabilities", "Limitation"),
    "memory_swappiness": _UNMOUNTED.format("memory swappiness capabilities", "Memory swappiness"),
    "oom_kill_disable": "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
    "pids_limit": _UNMOUNTED.format("PIDs limit capabilities", "PIDs limit"),
    "cpu_shares": _UNMOUNTED.format("CPU shares", "Shares"),
    "cpu_period": "Your kernel does not support CPU CFS scheduler. CPU period discarded.",
    "cpu_quota": "Your kernel does not support CPU CFS scheduler. CPU quota discarded.",
    "cpuset_cpus": _UNMOUNTED.format("cpuset", "CPUset"),
    "cpuset_mems": _UNMOUNTED.format("cpuset", "CPUset"),
    "blkio_weight": _UNMOUNTED.format("Block I/O weight", "Weight"),
}
_LACKS_SWAP = (
    "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap."
)
ALL = frozenset({*_LACKS, "memory_swap", "nano_cpus"})
"""The limits that a host may be able to keep, by the names of their fields."""


@record
class Controls:
    """What the cgroups of a host can limit."""

    able: frozenset[str] = field(default=ALL)  # names of fields of `Limits`
    cpu_count: int = 1
    cpus: str = "0"  # those there are, as "0-3"
    mems: str = "0"  # NUMA nodes


def fitted(limits: Limits, controls: Controls, *, update: bool = False) -> tuple[Limits, tuple[str, ...]]:
    """`limits` with docker's defaults and without what the host is not able to keep, and a warning for each of these.

    An `update` has no defaults. Raises Invalid for what is out of range or makes no sense together.
    """
    _check_memory(limits, update=update)
    limits, warnings = _kept(limits, controls)
    if limits.oom_kill_disable and not limits.memory:
        warnings.append(
            "OOM killer is disabled for the container, but no memory limit is set, "
            "this can result in the system running out of resources."
        )
    _check_cpu(limits, controls)
    _check_set("cpus", "CPUs", limits.cpuset_cpus, controls.cpus)
    _check_set("mems", "memory nodes", limits.cpuset_mems, controls.mems)
    if limits.blkio_weight and not 10 <= limits.blkio_weight <= 1000:
        raise Invalid("Range of blkio weight is from 10 to 1000")
    if not update and limits.memory and not limits.memory_swap:
        limits = replace(limits, memory_swap=2 * limits.memory)
    if limits.pids_limit is not None and limits.pids_limit <= 0:
        limits = replace(limits, pids_limit=0 if update and limits.pids_limit else None)
    return limits, tuple(warnings)


def _kept(limits: Limits, controls: Controls) -> tuple[Limits, list[str]]:
    """`limits` without what the host is not able to keep, and a warning for each of these."""
    none = Limits()
    lacking = {name: getattr(none, name) for name in _LACKS if name not in controls.able and getattr(limits, name)}
    warnings = [_LACKS[name] for name in lacking]
    if "memory" in lacking:
        lacking["memory_swap"] = UNLIMITED
    elif limits.memory and limits.memory_swap != UNLIMITED and "memory_swap" not in controls.able:
        lacking["memory_swap"] = UNLIMITED
        warnings.append(_LACKS_SWAP)
    return replace(limits, **lacking), warnings


def _check_memory(limits: Limits, *, update: bool) -> None:
    memory, swap, reservation = limits.memory, limits.memory_swap, limits.memory_reservation
    if memory and memory < SMALLEST:
        raise Invalid("Minimum memory limit allowed is 6MB")
    if memory and 0 < swap < memory:
        raise Invalid("Minimum memoryswap limit should be larger than memory limit, see usage")
    if not memory and swap > 0 and not update:
        raise Invalid("You should always set the Memory limit when using Memoryswap limit, see usage")
    check_swappiness(limits.memory_swappiness)
    if reservation and reservation < SMALLEST:
        raise Invalid("Minimum memory reservation allowed is 6MB")
    if memory and memory < reservation:
        raise Invalid("Minimum memory limit can not be less than memory reservation limit, see usage")


def check_swappiness(swappiness: int | None) -> None:
    """Raise Invalid for what is no swappiness."""
    if swappiness is not None and not 0 <= swappiness <= 100:
        raise Invalid(f"invalid value: {swappiness}. Valid memory swappiness range is 0-100")


def _check_cpu(limits: Limits, controls: Controls) -> None:
    if limits.nano_cpus > 0:
        for value, subject in ((limits.cpu_period, "CPU Period"), (limits.cpu_quota, "CPU Quota")):
            if value > 0:
                raise Invalid(f"Conflicting options: Nano CPUs and {subject} cannot both be set")
        if "nano_cpus" not in controls.able:
            raise Invalid(
                "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler "
                "or the cgroup is not mounted"
            )
    if not 0 <= limits.nano_cpus <= controls.cpu_count * NANO:
        raise Invalid(
            f"range of CPUs is from 0.01 to {controls.cpu_count}.00, "
            f"as there are only {controls.cpu_count} CPUs available"
        )
    if limits.cpu_shares < 0:
        raise Invalid(f"invalid CPU shares ({limits.cpu_shares}): value must be a positive integer")
    if limits.cpu_period and not 1000 <= limits.cpu_period <= 1_000_000:
        raise Invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < limits.cpu_quota < 1000:
        raise Invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)")


def _check_set(kind: str, subject: str, asked: str, available: str) -> None:
    try:
        wanted = parse_set(asked)
    except Invalid as failure:
        raise Invalid(f"Invalid value {asked} for cpuset {kind}: {failure}") from failure
    if not wanted <= parse_set(available):
        raise Invalid(f"Requested {subject} are not available - requested {asked}, available: {available}")


def merged(old: Limits, new: Limits) -> Limits:
    """`old` changed by what an update gives; raises Conflict in docker's words for what does not go with it."""
    for name, subject in (("cpu_period", "CPU Period"), ("cpu_quota", "CPU Quota")):
        if new.nano_cpus > 0 and getattr(old, name) > 0:
            raise Conflict(f"Conflicting options: Nano CPUs cannot be updated as {subject} has already been set")
        if getattr(new, name) > 0 and old.nano_cpus > 0:
            raise Conflict(f"Conflicting options: {subject} cannot be updated as NanoCPUs has already been set")
    if new.memory and new.memory > old.memory_swap and not new.memory_swap:
        raise Conflict(
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"
        )
    given = {name: value for name in sorted(ALL) if (value := getattr(new, name)) or name in _kept_zero(new)}
    return replace(old, **given)


def _kept_zero(new: Limits) -> frozenset[str]:
    """The one field whose 0 is a value in an update: any number of processes."""
    return frozenset({"pids_limit"} if new.pids_limit is not None else ())


def to_oci(limits: Limits, *, update: bool = False) -> dict[str, Any]:
    """The ``linux.resources`` of an OCI spec, without devices: what is limited, and nothing else.

    For the `update` of a cgroup also that swap is not limited any more, which a new one has by itself.
    """
    memory = {
        "limit": limits.memory,
        "reservation": limits.memory_reservation,
        "swap": limits.memory_swap if update else max(limits.memory_swap, 0),
        "disableOOMKiller": limits.oom_kill_disable,
    }
    cpu = {
        "shares": limits.cpu_shares,
        "period": PERIOD if limits.nano_cpus else limits.cpu_period,
        "quota": limits.nano_cpus * PERIOD // NANO or limits.cpu_quota,
        "cpus": limits.cpuset_cpus,
        "mems": limits.cpuset_mems,
    }
    parts: dict[str, dict[str, Any]] = {
        "memory": {name: value for name, value in memory.items() if value},
        "cpu": {name: value for name, value in cpu.items() if value},
        "pids": {} if limits.pids_limit is None else {"limit": limits.pids_limit or UNLIMITED},
        "blockIO": {"weight": limits.blkio_weight} if limits.blkio_weight else {},
    }
    if limits.memory_swappiness is not None:
        parts["memory"]["swappiness"] = limits.memory_swappiness
    return {name: part for name, part in parts.items() if part}


def from_oci(resources: Mapping[str, Any]) -> Limits:
    """What the ``linux.resources`` of an OCI spec limit, whoever wrote them."""
    memory, cpu, pids, block = (resources.get(name) or {} for name in ("memory", "cpu", "pids", "blockIO"))
    return Limits(
        memory=memory.get("limit") or 0,
        memory_swap=memory.get("swap") or 0,
        memory_reservation=memory.get("reservation") or 0,
        memory_swappiness=memory.get("swappiness"),
        oom_kill_disable=memory.get("disableOOMKiller") or False,
        cpu_shares=cpu.get("shares") or 0,
        cpu_period=cpu.get("period") or 0,
        cpu_quota=cpu.get("quota") or 0,
        cpuset_cpus=cpu.get("cpus") or "",
        cpuset_mems=cpu.get("mems") or "",
        pids_limit=pids.get("limit"),
        blkio_weight=block.get("weight") or 0,
    )
