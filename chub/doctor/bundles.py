"""Bundles of tasks that are gone, in containerd's state directory."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from chub.chain.links import Evidence
from chub.core.disk import taken
from chub.core.strays import places
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import Scene, changed


def find(scene: Scene) -> Iterator[Finding]:
    """Those without a task and a shim: containerd looks for them when it starts, and not before."""
    for path in scene.bundles:
        id = path.name
        if id in scene.tasks or scene.shims_of(id) or scene.busy(id) or not scene.settled(changed(path)):
            continue
        owner = scene.owner(id)
        yield Finding(
            kind=Kind.BUNDLE,
            namespace=scene.namespace,
            subject=str(path),
            problem=f"task {id[:12]} is gone",
            owner=owner,
            since=changed(path),
            size=taken(path),
            evidence=(
                Evidence("Tasks.List", f"no task {id[:12]}"),
                Evidence(str(path), " ".join(sorted(each.name for each in path.glob("*")))),
            ),
            command=f"rm -r {' '.join(shlex.quote(str(each)) for each in places(path))}",
            mendable=owner == "chub",
        )


def mend(scene: Scene, finding: Finding) -> None:
    """Remove it."""
    for place in places(Path(finding.subject)):
        scene.remove(place)
