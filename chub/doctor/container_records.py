"""chub's containers that cannot be started any more, as their files are gone, or that nobody will remove."""

from __future__ import annotations

from collections.abc import Iterator

from chub.chain.links import Evidence
from chub.core import lifecycle, strays
from chub.core.listing import owner_of
from chub.core.names import lease_of
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import Scene
from chub.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container


def find(scene: Scene) -> Iterator[Finding]:
    """Those without a directory or a snapshot, and of `run --rm` what its client left that was killed.

    What is left in a snapshot may be wanted: one that has it is not removed because it lacks a directory.
    """
    for id, container in scene.containers.items():
        if owner_of(container, scene.namespace) != "chub" or scene.busy(id):
            continue
        if strays.to_be_removed(scene.workspace, container):
            yield _to_be_removed(scene, container)
            continue
        directory = scene.workspace.data / id
        snapshot = _has_snapshot(scene, container)
        missing = []
        if not directory.is_dir():
            missing.append(("directory", Evidence(str(directory), "no such directory")))
        if not snapshot:
            key = f"{container.snapshotter}/{container.snapshot_key}"
            missing.append(("snapshot", Evidence("Snapshots.Stat", f"no {key}")))
        if missing:
            yield Finding(
                kind=Kind.RECORD,
                namespace=scene.namespace,
                subject=id,
                problem=f"its {' and its '.join(what for what, _ in missing)} {'are' if missing[1:] else 'is'} gone",
                owner="chub",
                since=container.created,
                evidence=tuple(evidence for _, evidence in missing),
                command=scene.chub("rm", "-f", id),
                mendable=not snapshot and id not in scene.tasks,
            )


def _to_be_removed(scene: Scene, container: Container) -> Finding:
    lease = lease_of(container.id)
    return Finding(
        kind=Kind.RECORD,
        namespace=scene.namespace,
        subject=container.id,
        problem="it was to be removed at its end, and its client was killed before",
        owner="chub",
        since=container.created,
        evidence=(Evidence("Leases.List", f"{lease}: {scene.abandoned[lease]}"),),
        command=scene.chub("rm", "-f", container.id),
        mendable=True,
    )


def _has_snapshot(scene: Scene, container: Container) -> bool:
    if not container.snapshot_key:
        return True
    try:
        scene.services.snapshots(container.snapshotter).stat(container.snapshot_key)
    except NotFound:
        return False
    return True


def mend(scene: Scene, finding: Finding) -> None:
    """Remove the container."""
    lifecycle.remove(scene.workspace, scene.containers[finding.subject])
