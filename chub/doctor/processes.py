"""Shims that containerd does not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from chub.chain.links import Evidence
from chub.core import strays
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import Scene
from chub.engine import shims
from chub.errors import ChubError


def find(scene: Scene) -> Iterator[Finding]:
    """Those with no task. One whose container is there and whose program runs is told of, and left alone."""
    sandboxes = _sandboxes(scene)
    pids = {task.pid for task in scene.tasks.values()}
    for pid, shim in scene.shims.items():
        started = scene.started(pid)
        if shim.id in scene.tasks or shim.id in sandboxes or scene.busy(shim.id) or not scene.settled(started):
            continue
        programs = shims.descendants([pid])
        if pids.intersection(programs):
            continue
        owner = scene.owner(shim.id)
        running = f", with {len(programs)} processes below it" if programs else ""
        yield Finding(
            kind=Kind.SHIM,
            namespace=scene.namespace,
            subject=str(pid),
            problem=f"containerd has no task {shim.id[:12]}{running}",
            owner=owner,
            since=started,
            evidence=(
                Evidence(f"/proc/{pid}/cmdline", f"-namespace {shim.namespace} -id {shim.id}"),
                Evidence("Tasks.List", f"no task {shim.id[:12]}"),
            ),
            command=f"kill -KILL {' '.join(map(str, (*programs, pid)))}",
            mendable=owner == "chub" and not (programs and shim.id in scene.containers),
        )


def _sandboxes(scene: Scene) -> frozenset[str]:
    """Sandboxes have shims without tasks; containerd 1.6 has no sandboxes."""
    with suppress(ChubError):
        return frozenset(each.id for each in scene.services.sandbox_store.list())
    return frozenset()


def mend(scene: Scene, finding: Finding) -> None:
    """Kill it and what runs below it, and remove what it would have removed."""
    strays.take_down(scene.workspace, scene.shims[int(finding.subject)])
