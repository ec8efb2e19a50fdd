"""Directories of containers that are gone, below the data root."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from chub.chain.links import Evidence
from chub.core.disk import taken
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import Scene, changed


def find(scene: Scene) -> Iterator[Finding]:
    """Those without a container, unless a client is just making one."""
    for path in scene.directories:
        if path.name in scene.containers or scene.busy(path.name):
            continue
        yield Finding(
            kind=Kind.DIRECTORY,
            namespace=scene.namespace,
            subject=str(path),
            problem="its container is gone",
            owner="chub",
            since=changed(path),
            size=taken(path),
            evidence=(
                Evidence("Containers.List", f"no container {path.name[:12]}"),
                Evidence("Leases.List", "no client is making it"),
            ),
            command=f"rm -r {shlex.quote(str(path))}",
            mendable=True,
        )


def mend(scene: Scene, finding: Finding) -> None:
    """Remove it."""
    scene.remove(Path(finding.subject))
