"""Cgroups of containers that are gone."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chub.chain.links import Evidence
from chub.core.cgroups import forget
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import CONTAINER_ID, Scene, changed

UNITS = (".service", ".scope", ".slice", ".mount", ".socket", ".swap")  # systemd's


def find(scene: Scene) -> Iterator[Finding]:
    """Those without a process, a task, and a shim of whatever engine; with cgroup v1 one finding for all hierarchies.

    chub's are ``/chub/ID``, or below what ``--cgroup-parent`` said; ctr's ``/NAMESPACE/ID``.
    """
    directories: dict[str, list[Path]] = {}
    for path, directory in scene.cgroups:
        directories.setdefault(path, []).append(directory)
    served = {shim.id for shim in scene.every_shim}
    for path, places in directories.items():
        parent, _, id = path[1:].rpartition("/")
        since = changed(places[0])
        if id in scene.tasks or id in served or scene.busy(id) or id.endswith(UNITS) or any(map(_used, places)):
            continue
        ours = parent in scene.parents and CONTAINER_ID.fullmatch(id) is not None
        if not scene.settled(since) or (ours and _elsewhere(scene, id)):
            continue
        yield Finding(
            kind=Kind.CGROUP,
            namespace=scene.namespace,
            subject=path,
            problem=f"task {id[:12]} is gone",
            owner="chub" if ours else scene.owner(id),
            since=since,
            evidence=(
                *(Evidence(f"{each}/cgroup.procs", "no process") for each in places),
                Evidence("Tasks.List", f"no task {id[:12]}"),
            ),
            command=f"rmdir {' '.join(shlex.quote(str(each)) for each in places)}",
            mendable=ours,
        )


def _used(directory: Path) -> bool:
    """Whether there is a process in a cgroup or below it; one that cannot be read counts as used."""
    try:
        return any(Path(place, "cgroup.procs").read_text() for place, _, _ in os.walk(directory))
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _elsewhere(scene: Scene, id: str) -> bool:
    """Whether it belongs to a container of chub's in another namespace, or of another engine."""
    settings, here = scene.workspace.settings, (scene.workspace.data, scene.workspace.state)
    found = (place for root in (settings.data_root, settings.state_root) for place in root.glob(f"*/*/{id}"))
    return any(place.parent not in here for place in found)


def mend(scene: Scene, finding: Finding) -> None:
    """Remove it with the empty ones below it: the kernel removes no other."""
    for path, directory in scene.cgroups:
        if path == finding.subject:
            for place, _, _ in os.walk(directory, topdown=False):
                with suppress(FileNotFoundError):
                    os.rmdir(place)
    forget(scene.workspace, finding.subject)
