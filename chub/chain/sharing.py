"""Which namespaces containers have to themselves, and whose they share: from ``/proc/PID/ns``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from chub.chain.host import Host
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.listing import Summary

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
HOST = "host"


@record
class Sharing:
    """The processes and the namespaces of one container, as the kernel has them."""

    pid: int = 0  # of its first process; 0: none runs
    shim: int = 0  # its parent; 0 where that cannot be read
    namespaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By kind, whose it is too: "host", or names (ids, where there are none) of other containers; empty: its own."""


def sharing(rows: Iterable[Summary], host: Host | None = None) -> dict[str, Sharing]:
    """Of each container that runs, by its id; what the kernel does not let us read, or does not have, is left out."""
    host = host or Host()
    running = [row for row in rows if row.pid]
    held = {row.record.id: _namespaces(host, row.pid) for row in running}
    shims = {row.record.id: _parent(host, row.pid) for row in running}
    outside = {shim: _namespaces(host, shim) for shim in {*shims.values()} - {0}}  # a shim is in no container
    holders: dict[tuple[str, str], list[Summary]] = defaultdict(list)
    for row in running:
        for kind, inode in held[row.record.id].items():
            holders[kind, inode].append(row)
    return {
        row.record.id: Sharing(
            pid=row.pid,
            shim=shims[row.record.id],
            namespaces={
                kind: (HOST,)
                if outside.get(shims[row.record.id], {}).get(kind) == inode
                else _others(row, holders[kind, inode])
                for kind, inode in held[row.record.id].items()
            },
        )
        for row in running
    }


def _namespaces(host: Host, pid: int) -> dict[str, str]:
    """The inodes of a process's namespaces by kind; empty where they may not be read or the process has gone."""
    found = {}
    for kind in KINDS:
        try:
            found[kind] = host.namespace(pid, kind)
        except OSError:  # no permission, no such process, or a kernel without this kind
            continue
    return found


def _parent(host: Host, pid: int) -> int:
    try:
        return host.parent(pid)
    except (OSError, KeyError, ValueError):  # it ends just now
        return 0


def _others(row: Summary, holders: Sequence[Summary]) -> tuple[str, ...]:
    return tuple(each.name or each.record.id[:12] for each in holders if each is not row)
