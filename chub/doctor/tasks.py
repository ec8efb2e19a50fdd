"""Tasks that do not go on."""

from __future__ import annotations

from collections.abc import Iterator

from chub.api.tasks import TaskStatus
from chub.chain.links import Evidence
from chub.core.finish import finish
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import Scene

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from chub.api.tasks import Task


def find(scene: Scene) -> Iterator[Finding]:
    """Tasks whose process is gone, that stay created or unknown, and those that ended and were not deleted."""
    for task in scene.tasks.values():
        if scene.busy(task.id):
            continue
        if task.status is TaskStatus.UNKNOWN:
            yield from _silent(scene, task)
        elif task.status is TaskStatus.STOPPED:
            if scene.settled(task.exited_at) and (found := scene.shims_of(task.id)):
                witness = Evidence(f"/proc/{found[0].pid}/cmdline", "its shim")
                yield _found(scene, task, "has ended, and keeps its shim", task.exited_at, witness)
        elif not scene.sees_processes:
            continue
        elif not scene.alive(task.pid):
            witness = Evidence(f"/proc/{task.pid}/status", "no such process")
            yield _found(scene, task, f"its process {task.pid} is gone", None, witness)
        elif task.status is TaskStatus.CREATED and scene.settled(started := scene.started(task.pid)):
            witness = Evidence(f"/proc/{task.pid}/stat", f"runs since {started:%Y-%m-%d %H:%M:%S} UTC")
            yield _found(scene, task, "was made and not started", started, witness)


def _silent(scene: Scene, task: Task) -> Iterator[Finding]:
    """A task whose shim does not say what it does. The program may well run: that is nothing to be removed."""
    found = scene.shims_of(task.id)
    if not found:
        yield _found(scene, task, "containerd does not know what it does: it has no shim", None)
        return
    pid = found[0].pid
    since = scene.started(pid)
    if scene.settled(since):
        state = scene.host.status(pid).get("State", "")
        command = f"kill -CONT {pid}" if state.startswith("T") else f"kill -KILL {pid}"
        problem, witness = f"its shim, process {pid}, does not answer", Evidence(f"/proc/{pid}/status", state)
        yield _found(scene, task, problem, since, witness, command=command)


def _found(
    scene: Scene, task: Task, problem: str, since: datetime | None, *witnesses: Evidence, command: str = ""
) -> Finding:
    owner = scene.owner(task.id)
    return Finding(
        kind=Kind.TASK,
        namespace=scene.namespace,
        subject=task.id,
        problem=problem,
        owner=owner,
        since=since,
        evidence=(Evidence("Tasks.List", f"{task.status}, pid {task.pid}"), *witnesses),
        command=command or scene.ctr("tasks", "rm", "-f", task.id),
        mendable=owner == "chub" and not command,
    )


def mend(scene: Scene, finding: Finding) -> None:
    """Write down how it ended, and delete it; its container too if that is to be removed when it ends."""
    finish(scene.workspace, finding.subject, pid=scene.tasks[finding.subject].pid)
