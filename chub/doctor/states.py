"""FIFOs and runc's state of containers that do not run, below the state root."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chub.chain.links import Evidence
from chub.core.disk import taken
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import Scene, changed
from chub.keeper.kept import start_ticks


def find(scene: Scene) -> Iterator[Finding]:
    """Directories of FIFOs that nobody opens any more, and of runc's that it will not remove any more."""
    kept = {memory.stem[:64] for memory in scene.memories}
    for path in scene.states:
        id = path.name
        if id in scene.tasks or id in kept or scene.busy(id) or scene.shims_of(id):
            continue
        if id not in scene.containers:
            yield _left(scene, path, "its container is gone", "Containers.List", f"no container {id[:12]}")
        elif scene.settled(changed(path)):
            yield _left(scene, path, "its container does not run", "Tasks.List", f"no task {id[:12]}")
    for path in scene.runc_states:
        id = path.name
        if id in scene.tasks or scene.busy(id) or scene.shims_of(id) or _lives(path):
            continue
        if scene.settled(changed(path)):
            yield _left(scene, path, "runc's state of a task that is gone", "Tasks.List", f"no task {id[:12]}")


def _left(scene: Scene, path: Path, problem: str, source: str, said: str) -> Finding:
    return Finding(
        kind=Kind.STATE,
        namespace=scene.namespace,
        subject=str(path),
        problem=problem,
        owner="chub",
        since=changed(path),
        size=taken(path),
        evidence=(Evidence(source, said), Evidence(str(path), " ".join(sorted(each.name for each in path.glob("*"))))),
        command=f"rm -r {shlex.quote(str(path))}",
        mendable=True,
    )


def _lives(path: Path) -> bool:
    """Whether the container's first process, as runc wrote it down, is there."""
    with suppress(OSError, ValueError, KeyError):
        said = json.loads((path / "state.json").read_bytes())
        return start_ticks(said["init_process_pid"]) == int(said["init_process_start"]) != 0
    return False


def mend(scene: Scene, finding: Finding) -> None:
    """Remove it."""
    scene.remove(Path(finding.subject))
