"""What containers use of the host, by docker's formulas.

The counters are the kernel's, of cgroup v1 or v2, as containerd's shims read them; those of the network are in
``/proc/PID/net/dev`` of a container with interfaces of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chub.core.listing import Summary, containers, spec_of, summary
from chub.core.names import find
from chub.core.workspace import Workspace
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.tasks import Metric

INTERVAL = 1.0  # seconds between two samples, as docker's


@record
class Counters:
    """What a container had used when a sample was taken. CPU time in nanoseconds, all sizes in bytes."""

    taken: datetime | None = None
    cpu: int = 0
    memory: int = 0  # without the cache of files that nobody used lately
    memory_limit: int = 0
    read: int = 0  # from block devices
    written: int = 0
    pids: int = 0


@record
class Usage:
    """What a container uses of the host; all zero for one that does not run. Sizes in bytes."""

    cpu_percent: float = 0.0  # of one CPU: 200.0 is two CPUs' time
    memory: int = 0  # without the cache of files that nobody used lately
    memory_limit: int = 0  # its own, or the host's memory
    received: int = 0  # by its own network interfaces, but the loopback
    sent: int = 0
    read: int = 0  # from block devices
    written: int = 0
    pids: int = 0  # processes and threads

    @property
    def memory_percent(self) -> float:
        """The part of the limit that is used."""
        return self.memory / self.memory_limit * 100 if self.memory_limit else 0.0


@record
class Reading:
    """One container and what it uses."""

    asked: str  # the word it was asked for by, else its id
    summary: Summary
    usage: Usage | None  # None: it is gone


def readings(
    workspace: Workspace, words: Sequence[str] = (), *, all: bool = False, interval: float = INTERVAL
) -> Iterator[tuple[Reading, ...]]:
    """What the named containers use, or those that run (`all`: and those that do not), again and again.

    Each round takes `interval` seconds: the share of the CPU is that of the time since the sample before. A container
    that was named stays when it ends and when it is gone; else the newest comes first. Raises NotFound for a name that
    nothing has.
    """
    ids = {word: find(workspace.services, word).id for word in dict.fromkeys(words)}
    rows = _named(workspace, ids, {}) if words else _listed(workspace, all)
    before = _counters(workspace, rows.values())
    while True:
        time.sleep(interval)
        kept = rows
        rows = _named(workspace, ids, kept) if words else _listed(workspace, all)
        now = _counters(workspace, rows.values())
        yield tuple(
            Reading(asked=asked, summary=row, usage=_usage(row, before, now) if row is not kept.get(asked) else None)
            for asked, row in rows.items()
        )
        before = now


def _listed(workspace: Workspace, all: bool) -> dict[str, Summary]:
    return {row.record.id: row for row in containers(workspace, all=all)}


def _named(workspace: Workspace, ids: Mapping[str, str], known: Mapping[str, Summary]) -> dict[str, Summary]:
    """What is known now of each word's container; of one that is gone what was `known`, the same object."""
    services = workspace.services
    records = {each.id: each for each in services.containers.list(*(f"id=={id}" for id in ids.values()))}
    tasks = {task.id: task for task in services.tasks.list()}
    found = {
        word: summary(workspace, records[id], tasks.get(id)) if id in records else known.get(word)
        for word, id in ids.items()
    }
    return {word: row for word, row in found.items() if row is not None}


def _counters(workspace: Workspace, rows: Iterable[Summary]) -> dict[str, Counters]:
    """Of those that run, by id: one call for all of them."""
    ids = [row.record.id for row in rows if row.pid]
    if not ids:
        return {}
    return {metric.id: counters(metric) for metric in workspace.services.tasks.metrics(*(f"id=={id}" for id in ids))}


def _usage(row: Summary, before: Mapping[str, Counters], now: Mapping[str, Counters]) -> Usage:
    id = row.record.id
    if id not in now:
        return Usage()
    received, sent = traffic(row.pid) if _own_network(row) else (0, 0)
    return usage(before.get(id), now[id], received=received, sent=sent, host_memory=host_memory())


def usage(before: Counters | None, now: Counters, *, received: int = 0, sent: int = 0, host_memory: int = 0) -> Usage:
    """Figures from two samples, as docker's. Without an own limit of memory the host's memory is the limit.

    docker divides the CPU time by what all CPUs together counted in /proc/stat, times their number: the time between
    the samples, which is more precise here.
    """
    percent = 0.0
    if before is not None and before.taken and now.taken and now.taken > before.taken and now.cpu > before.cpu:
        percent = (now.cpu - before.cpu) / ((now.taken - before.taken).total_seconds() * 1e9) * 100
    limited = 0 < now.memory_limit <= host_memory or not host_memory
    return Usage(
        cpu_percent=percent,
        memory=now.memory,
        memory_limit=now.memory_limit if limited else host_memory,
        received=received,
        sent=sent,
        read=now.read,
        written=now.written,
        pids=now.pids,
    )


def counters(metric: Metric) -> Counters:
    """The counters in a metric of cgroup v1 or v2; zero where its controller is absent."""
    from chub.api.payloads import decoded

    if metric.data is None:
        return Counters(taken=metric.taken)
    found: Mapping[str, Any] = decoded(metric.data)
    cpu, memory, pids = (found.get(key) or {} for key in ("cpu", "memory", "pids"))
    if metric.data.type_url.rpartition("/")[2] == "io.containerd.cgroups.v2.Metrics":
        devices = (found.get("io") or {}).get("usage", ())
        return Counters(
            taken=metric.taken,
            cpu=cpu.get("usage_usec", 0) * 1000,
            memory=_used(memory.get("usage", 0), memory.get("inactive_file", 0)),
            memory_limit=memory.get("usage_limit", 0),
            read=sum(each["rbytes"] for each in devices),
            written=sum(each["wbytes"] for each in devices),
            pids=pids.get("current", 0),
        )
    total, moved = memory.get("usage") or {}, (found.get("blkio") or {}).get("io_service_bytes_recursive", ())
    return Counters(
        taken=metric.taken,
        cpu=(cpu.get("usage") or {}).get("total", 0),
        memory=_used(total.get("usage", 0), memory.get("total_inactive_file", 0)),
        memory_limit=total.get("limit", 0),
        read=sum(each["value"] for each in moved if each["op"].lower() == "read"),
        written=sum(each["value"] for each in moved if each["op"].lower() == "write"),
        pids=pids.get("current", 0),
    )


def _used(usage: int, inactive: int) -> int:
    return usage - inactive if inactive < usage else usage


def _own_network(row: Summary) -> bool:
    """Whether a network namespace was made for it; another's interfaces are not its own."""
    namespaces = spec_of(row.record).get("linux", {}).get("namespaces", ())
    return any(each.get("type") == "network" and not each.get("path") for each in namespaces)


def traffic(pid: int) -> tuple[int, int]:
    """Bytes that came and went through the interfaces that a process sees, but the loopback; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/net/dev") as table:
            lines = table.readlines()[2:]
    except OSError:
        return 0, 0
    interfaces = dict(line.split(":", 1) for line in lines)
    fields = [values.split() for name, values in interfaces.items() if name.strip() != "lo"]
    return sum(int(each[0]) for each in fields), sum(int(each[8]) for each in fields)


def host_memory() -> int:
    """The memory of this host, in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
