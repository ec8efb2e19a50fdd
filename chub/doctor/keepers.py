"""Keepers that are dead, and what they would hold."""

from __future__ import annotations

import fcntl
import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from chub.chain.links import Evidence
from chub.core.disk import taken
from chub.core.keeping import Keeper, alive
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import CONTAINER_ID, Scene, changed
from chub.errors import Conflict
from chub.keeper.executed import NOTE
from chub.output import protocol


def find(scene: Scene) -> Iterator[Finding]:
    """Dead keepers that have something to hold or are of another version, and notes of containers that are gone."""
    notes: dict[Path, list[Path]] = {place: [] for place in (scene.workspace.state / "keeper").glob("*")}
    for memory in scene.memories:
        if CONTAINER_ID.fullmatch(memory.stem):
            notes.setdefault(memory.parent, []).append(memory)
    for place, memories in sorted(notes.items()):
        running, ours = alive(place), place.name == str(protocol.VERSION)
        wanted = [each for each in memories if each.stem in scene.containers]
        for memory in set(memories) - set(wanted):
            if not scene.busy(memory.stem) and (not running or scene.settled(changed(memory))):
                problem = f"a note of container {memory.stem[:12]}, which is gone"
                witness = Evidence("Containers.List", f"no container {memory.stem[:12]}")
                yield _found(scene, memory, problem, witness, mendable=ours or not running)
        if running:
            continue
        dead = Evidence(f"{place}/alive", "nobody has locked it")
        programs = len(list(place.glob(f"{NOTE}*.json")))
        if wanted or programs:
            more = f" and {programs} executed programs" if programs else ""
            problem = f"the keeper is dead, and output and end of {len(wanted)} containers{more} wait for it"
            yield _found(scene, place, problem, dead, command=scene.chub("ps"), mendable=ours)
        elif not ours and not memories:
            yield _found(scene, place, "no keeper of this version runs", dead, mendable=True)


def _found(scene: Scene, path: Path, problem: str, witness: Evidence, *, command: str = "", mendable: bool) -> Finding:
    return Finding(
        kind=Kind.KEEPER,
        namespace=scene.namespace,
        subject=str(path),
        problem=problem,
        owner="chub",
        since=changed(path),
        size=taken(path) if path.is_dir() else None,
        evidence=(witness,),
        command=command or f"rm -r {shlex.quote(str(path))}",
        mendable=mendable,
    )


def _lock(stack: ExitStack, path: Path) -> None:
    """Take a lock that is there until the stack is closed; BlockingIOError if somebody else has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def mend(scene: Scene, finding: Finding) -> None:
    """Start the keeper again, or remove what none will use."""
    path = Path(finding.subject)
    keeper = Keeper(scene.workspace)
    try:
        if path.suffix == ".json":
            if path.parent.name == str(protocol.VERSION):
                keeper.drop(path.stem)
            path.unlink(missing_ok=True)
        elif path.name == str(protocol.VERSION):
            keeper.revive()
        else:
            _remove(scene, path)
    finally:
        keeper.close()


def _remove(scene: Scene, place: Path) -> None:
    """Remove the directory of a dead keeper, unless one is being started there."""
    try:
        with ExitStack() as stack:
            for name in ("start", "alive"):
                with suppress(FileNotFoundError):
                    _lock(stack, place / name)
            scene.remove(place)
    except BlockingIOError as failure:
        raise Conflict(f"{place}: a keeper is starting") from failure
