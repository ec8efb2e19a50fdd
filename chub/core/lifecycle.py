"""End and remove containers."""

from __future__ import annotations

import signal
from contextlib import suppress

from chub.core.names import lease_of, name_of
from chub.core.together import together
from chub.core.undo import gone, remove_tree
from chub.core.workspace import Workspace
from chub.errors import Conflict, EngineFault, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container

KILL_DEADLINE = 10.0  # seconds for a process to be gone after SIGKILL
DELETE_DEADLINE = 60.0  # seconds: the shim drains output for up to 10


def delete_task(workspace: Workspace, id: str) -> None:
    """Delete a task that has ended, and with it its shim. Another client may do the same at the same time."""
    tasks = workspace.services.tasks
    try:
        gone(tasks.delete, id, timeout=DELETE_DEADLINE)
    except EngineFault:  # the other one's shim went away under our call
        with suppress(NotFound):
            tasks.get(id)
            raise


def _wait_for_the_end(workspace: Workspace, id: str) -> None:
    """Wait for a killed task. Raises NotFound if another client deletes it meanwhile."""
    tasks = workspace.services.tasks
    try:
        tasks.wait(id, timeout=KILL_DEADLINE)
    except EngineFault:  # its shim went away under our call
        tasks.get(id)
        raise


def end_task(workspace: Workspace, id: str) -> None:
    """Kill a task, whatever it does, and delete it; nothing to do if there is none."""
    tasks = workspace.services.tasks
    try:
        tasks.get(id)
        with suppress(NotFound, Conflict):  # it had ended
            tasks.kill(id, signal.SIGKILL, all=True)
        _wait_for_the_end(workspace, id)
    except NotFound:
        return
    delete_task(workspace, id)


def erase(workspace: Workspace, container: Container) -> None:
    """Remove what makes up a container without a task: record, snapshot, lease, files."""
    services = workspace.services
    snapshots = services.snapshots(container.snapshotter) if container.snapshotter else None

    def remove_snapshot() -> None:
        if snapshots is not None and container.snapshot_key:
            gone(snapshots.remove, container.snapshot_key)

    together(
        lambda: gone(services.containers.delete, container.id),
        remove_snapshot,
        lambda: gone(services.leases.delete, lease_of(container.id)),
    )
    remove_tree(workspace.data / container.id)
    remove_tree(workspace.state / container.id)


def remove(workspace: Workspace, container: Container, *, force: bool = False) -> None:
    """Remove a container. A running one is a Conflict in docker's words, unless `force` kills it first."""
    tasks = workspace.services.tasks
    try:
        task = tasks.get(container.id)
    except NotFound:
        task = None
    if task is not None:
        if force:
            end_task(workspace, container.id)
        elif task.status in ("running", "paused", "pausing"):
            shown = name_of(container) or container.id
            state = "running: stop the container" if task.status == "running" else "paused: unpause the container"
            raise Conflict(f'cannot remove container "{shown}": container is {state} before removing or force remove')
        else:
            end_task(workspace, container.id)
    erase(workspace, container)
