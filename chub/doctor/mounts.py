"""Mounts of containers that are gone."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath

from chub.chain.links import Evidence
from chub.core.strays import BUNDLES, unmount
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import CONTAINER_ID, Scene

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.chain.host import Mounted


def find(scene: Scene) -> Iterator[Finding]:
    """Root file systems in bundles without a task, and what is mounted in directories of chub's without a container."""
    for mounted in reversed(scene.mounts):  # the last first, as they have to be unmounted
        if id := _container(scene, mounted):
            owner = scene.owner(id)
            yield Finding(
                kind=Kind.MOUNT,
                namespace=scene.namespace,
                subject=mounted.target,
                problem=f"task {id[:12]} is gone",
                owner=owner,
                evidence=(
                    Evidence("/proc/self/mountinfo", f"{mounted.type} {mounted.source}"),
                    Evidence("Tasks.List", f"no task {id[:12]}"),
                ),
                command=f"umount {shlex.quote(mounted.target)}",
                mendable=owner == "chub",
            )


def _container(scene: Scene, mounted: Mounted) -> str:
    """The id of the container that a mount was for and that is gone; "" for every other mount."""
    target = PurePath(mounted.target)
    if target.parts[-4:-2] == (BUNDLES, scene.namespace) and target.name == "rootfs" and _ours(scene, mounted):
        id = target.parts[-2]
        return "" if id in scene.tasks or scene.shims_of(id) or scene.busy(id) else id
    for root in (scene.workspace.data, scene.workspace.state):
        if target.is_relative_to(root) and target != root:
            id = target.relative_to(root).parts[0]
            if CONTAINER_ID.fullmatch(id) and id not in scene.containers and not scene.busy(id):
                return id
    return ""


def _ours(scene: Scene, mounted: Mounted) -> bool:
    """Whether what is mounted is from a snapshotter of this engine: bundles of all engines are named alike."""
    shown = [*mounted.paths("upperdir"), *mounted.paths("lowerdir")]
    with suppress(OSError):
        shown.append(scene.host.directory(mounted))
    return any(PurePath(path).is_relative_to(root) for path in shown for root in scene.roots)


def mend(scene: Scene, finding: Finding) -> None:
    """Unmount it."""
    del scene
    unmount(finding.subject)
