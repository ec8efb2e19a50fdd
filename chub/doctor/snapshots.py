"""Snapshots that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from chub.chain.links import Evidence
from chub.core.marks import VERSION_LABEL
from chub.core.undo import gone
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import CLIENTS, CONTAINER_ID, Scene
from chub.errors import ChubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.snapshots import Snapshot

REFERENCE = "containerd.io/gc.ref.snapshot."  # label of what keeps a snapshot: of this snapshotter, maybe /NUMBER
ROOTS = ("containerd.io/gc.root", "containerd.io/gc.bref.")  # labels of a snapshot that stays by itself, or for others


def find(scene: Scene) -> Iterator[Finding]:
    """Those that are no parent, no container's, no image's, in no living lease, and not kept by a label."""
    used = set(_used(scene))
    for snapshotter, every in scene.snapshots.items():
        parents = {each.parent for each in every}
        for snapshot in every:
            held = (f"snapshots/{snapshotter}", snapshot.name) in scene.held
            if held or snapshot.name in parents or (snapshotter, snapshot.name) in used:
                continue
            if any(label.startswith(ROOTS) for label in snapshot.labels) or scene.busy(snapshot.name):
                continue
            owner = _owner(scene, snapshot)
            if owner == "chub" or scene.settled(snapshot.created):
                yield _found(scene, snapshotter, snapshot, owner)


def _found(scene: Scene, snapshotter: str, snapshot: Snapshot, owner: str) -> Finding:
    size = None
    with suppress(ChubError):  # it has gone meanwhile
        size = scene.services.snapshots(snapshotter).usage(snapshot.name).size
    return Finding(
        kind=Kind.SNAPSHOT,
        namespace=scene.namespace,
        subject=f"{snapshotter}/{snapshot.name}",
        problem="nothing uses it",
        owner=owner,
        since=snapshot.created,
        size=size,
        evidence=(
            Evidence("Snapshots.List", f"{snapshot.kind}, no parent of another"),
            Evidence("Containers.List", "no container's"),
            Evidence("Content.List", "no image's"),
            Evidence("Leases.ListResources", "no lease of a living client holds it"),
        ),
        command=scene.ctr("snapshots", "--snapshotter", snapshotter, "rm", snapshot.name),
        mendable=owner == "chub",
    )


def _owner(scene: Scene, snapshot: Snapshot) -> str:
    if VERSION_LABEL in snapshot.labels:
        return "chub"
    if any(label.startswith("nerdctl/") for label in snapshot.labels):
        return "nerdctl"
    return scene.owner(snapshot.name) if CONTAINER_ID.fullmatch(snapshot.name) else CLIENTS.get(scene.namespace, "")


def _used(scene: Scene) -> Iterator[tuple[str, str]]:
    """What containers have, and what labels of containers, images and blobs name, as containerd's collector has it."""
    for container in scene.containers.values():
        yield container.snapshotter, container.snapshot_key
    labelled: list[Iterable[Mapping[str, str]]] = [
        (each.labels for each in scene.containers.values()),
        (each.labels for each in scene.services.images.list()),
        (each.labels for each in scene.services.content.list()),
    ]
    for some in labelled:
        for labels in some:
            for label, key in labels.items():
                if label.startswith(REFERENCE):
                    yield label.removeprefix(REFERENCE).partition("/")[0], key


def mend(scene: Scene, finding: Finding) -> None:
    """Remove it."""
    snapshotter, _, key = finding.subject.partition("/")
    gone(scene.services.snapshots(snapshotter).remove, key)
