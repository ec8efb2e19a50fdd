"""Signal, stop, pause and remove containers, and wait for their end.

Whoever started a task deletes it: a foreground run does so when it has written the ending down. What has no such client
keeps its ended task, and with it the exit status, until it is removed.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime

from chub.core import cgroups, endings, states
from chub.core.endings import LOST
from chub.core.listing import ALIVE, request_of, spec_of
from chub.core.marks import SPEC_FILE, STOP_SIGNAL_LABEL
from chub.core.names import lease_of, name_of
from chub.core.patience import patiently
from chub.core.together import together
from chub.core.turns import Turn
from chub.core.undo import gone, remove_tree
from chub.core.workspace import Workspace
from chub.errors import ChubError, Conflict, EngineFault, Invalid, NotFound, TimedOut
from chub.options.signals import parse_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.api.tasks import Exit, Task

GRACE = 10.0  # seconds between the stop signal and SIGKILL
KILL_DEADLINE = 10.0  # seconds for a process to be gone after SIGKILL
DELETE_DEADLINE = 60.0  # seconds: the shim drains output for up to 10
DELETE_TURN = 15.0  # seconds that another client, which may stand still, has for it
PAUSED = frozenset({"paused", "pausing"})


def delete_task(workspace: Workspace, id: str) -> None:
    """Delete a task that has ended, and with it its shim. Another client may want the same at the same time."""
    tasks = workspace.services.tasks
    try:
        with Turn(workspace.data / id / SPEC_FILE, patience=DELETE_TURN):
            gone(tasks.delete, id, timeout=DELETE_DEADLINE)
    except EngineFault:  # the other one's shim went away under our call
        with suppress(NotFound):
            tasks.get(id)
            raise


def _end_of(workspace: Workspace, id: str, timeout: float | None) -> Exit:
    """Wait for a task's end. Raises TimedOut, and NotFound if another client deletes it meanwhile."""
    tasks = workspace.services.tasks
    try:
        return tasks.wait(id, timeout=timeout)
    except EngineFault:  # its shim went away under our call
        tasks.get(id)
        raise


def _send(workspace: Workspace, task: Task, number: int, *, all: bool = False, thaw: bool = True) -> None:
    """Send a signal; a paused container goes on, as it gets it only then. Raises NotFound or Conflict if it ended."""
    tasks = workspace.services.tasks
    tasks.kill(task.container_id, number, all=all)
    if thaw and task.status in PAUSED:
        with suppress(ChubError):  # it has ended, or another client was first
            tasks.resume(task.container_id)


def _kill(workspace: Workspace, task: Task, *, all: bool = False) -> Exit:
    """Kill a task and wait until it has ended. Raises NotFound if another client deletes it."""
    id = task.container_id
    with suppress(NotFound, Conflict):  # it had ended
        _send(workspace, task, signals.SIGKILL, all=all)
    try:
        return _end_of(workspace, id, KILL_DEADLINE)
    except TimedOut as failure:
        raise TimedOut(
            f"container {id} has not ended {KILL_DEADLINE:g} s after SIGKILL",
            hint=f"does process {task.pid} hang in the kernel? See /proc/{task.pid}/stack",
        ) from failure


def end_task(workspace: Workspace, id: str, *, doomed: bool = False) -> None:
    """Kill a task, whatever it does, and delete it, or else end the shim of one that containerd has lost.

    How it ended is written down before, if it is not: containerd forgets it with the task. A `doomed` one is to be
    removed.
    """
    from chub.core import strays

    try:
        ended = _kill(workspace, workspace.services.tasks.get(id), all=True)
    except NotFound:
        strays.end_shim(workspace, id)
        return
    known = endings.read(workspace.data / id)
    if known is not None and known.started and known.exit_code is None:
        finished = ended.exited_at or datetime.now(UTC)
        told = replace(known, exit_code=ended.exit_status, finished=finished)
        endings.write(workspace.data / id, told, doomed=doomed)
    delete_task(workspace, id)


def alive(workspace: Workspace, id: str) -> Task | None:
    """The task of a container that runs or is paused. Raises TimedOut where its shim does not say."""
    try:
        task = states.task(workspace.services, id)
    except NotFound:
        return None
    if task.status == "unknown":
        raise states.silent(workspace.services, id)
    return task if task.status in ALIVE else None


def running(workspace: Workspace, container: Container) -> Task:
    """The task of a container that runs or is paused; raises Conflict in docker's words for another."""
    task = alive(workspace, container.id)
    if task is None:
        raise _not_running(container)
    return task


def _not_running(container: Container) -> Conflict:
    return Conflict(f"container {container.id} is not running")


def stop(
    workspace: Workspace, container: Container, *, signal: str | int | None = None, grace: float | None = None
) -> None:
    """Ask a container to end with its stop signal, and kill it after `grace` seconds; one that has ended is fine.

    `signal` replaces the one that its image or maker chose (SIGTERM where none did). A negative `grace` is for ever,
    None its maker's stop timeout, or 10 s. Raises Invalid for what is no signal, TimedOut for a process that even
    SIGKILL does not end.
    """
    task = alive(workspace, container.id)
    if task is None:
        return
    number = stop_signal(container) if signal is None else parse_signal(str(signal))
    grace = stop_timeout(container) if grace is None else grace
    with suppress(NotFound):  # who watches it has deleted the task: it has ended
        with suppress(Conflict):
            _send(workspace, task, number)
        try:
            _end_of(workspace, container.id, None if grace < 0 else grace)
        except TimedOut:
            _kill(workspace, task)


def stop_signal(container: Container) -> int:
    """The signal that a container's maker or image wants it to be stopped with; SIGTERM without a valid one."""
    try:
        return parse_signal(container.labels.get(STOP_SIGNAL_LABEL, "TERM"))
    except Invalid:
        return signals.SIGTERM


def stop_timeout(container: Container) -> float:
    """Seconds between the stop signal and SIGKILL, as a container's maker wants them; negative is for ever."""
    asked = request_of(container).get("lifecycle", {}).get("stop_timeout")
    return GRACE if asked is None else float(asked)


def kill(workspace: Workspace, container: Container, *, signal: str | int = signals.SIGKILL) -> None:
    """Send a signal to a container's first process; after SIGKILL, wait until it has ended.

    A paused container goes on to get it, as docker's, unless the signal is another than its image's stop signal.
    Raises Conflict in docker's words for one that does not run, Invalid for what is no signal.
    """
    number = parse_signal(str(signal))
    try:
        task = running(workspace, container)
        if number == signals.SIGKILL:
            with suppress(NotFound):  # who watches it has deleted the task: it has ended
                _kill(workspace, task)
        else:
            _send(workspace, task, number, thaw=_ends(container, number))
    except (NotFound, Conflict) as failure:
        shown = name_of(container) or container.id
        raise Conflict(f"cannot kill container: {shown}: {_not_running(container)}") from failure


def _ends(container: Container, number: int) -> bool:
    """Whether docker takes a signal for one that is to end the container: any, unless a stop signal was chosen."""
    return STOP_SIGNAL_LABEL not in container.labels or number == stop_signal(container)


def wait(workspace: Workspace, container: Container, *, timeout: float | None = None) -> int:
    """Wait for a container's end, at most `timeout` seconds (None: for ever), and give its exit code.

    One that has ended gives it at once, one of chub's that never ran 0; 255 is for an ending that nobody saw. It goes
    on through a restart of containerd. Raises TimedOut, and NotFound for a container that is removed before it could
    tell, or whose task another client has deleted.
    """
    services, ran = workspace.services, False
    try:
        patiently(services.channel, lambda: services.tasks.get(container.id))
        ran = True
        return patiently(services.channel, lambda: _end_of(workspace, container.id, timeout)).exit_status
    except NotFound:  # it has no task (any more)
        ending = endings.of(workspace, container.id)
    if ending is not None:
        return LOST if ending.exit_code is None else ending.exit_code
    found = services.containers.get(container.id)
    if ran:
        raise NotFound(f"the exit code of container {container.id} is gone: another client deleted its task")
    if not request_of(found):
        raise NotFound(
            f"the exit code of container {container.id} is not known: it has no task",
            hint="chub did not make it: if it ran, another client deleted its task, and the exit code with it",
        )
    return 0


def pause(workspace: Workspace, container: Container) -> None:
    """Freeze all processes of a container. Raises Conflict in docker's words if it is paused or does not run."""
    _freeze(workspace, container, workspace.services.tasks.pause, paused=False)


def unpause(workspace: Workspace, container: Container) -> None:
    """Let the processes of a paused container go on. Raises Conflict in docker's words if it is not paused."""
    _freeze(workspace, container, workspace.services.tasks.resume, paused=True)


def _freeze(workspace: Workspace, container: Container, act: Callable[[str], object], *, paused: bool) -> None:
    """Pause or resume what is `paused` or not; of two that do the same at once one is refused."""

    def check() -> None:
        if paused:
            task = alive(workspace, container.id)
            if task is None or task.status not in PAUSED:
                raise Conflict(f"Container {container.id} is not paused")
        elif running(workspace, container).status in PAUSED:
            raise Conflict(f"Container {container.id} is already paused")

    check()
    try:
        act(container.id)
    except ChubError:
        check()
        raise


def erase(workspace: Workspace, container: Container) -> None:
    """Remove what makes up a container without a task: record, snapshot, lease, files.

    The record goes first: who is killed meanwhile leaves nothing that looks like a container.
    """
    services = workspace.services
    snapshots = services.snapshots(container.snapshotter) if container.snapshotter else None

    def remove_snapshot() -> None:
        if snapshots is not None and container.snapshot_key:
            gone(snapshots.remove, container.snapshot_key)

    if request_of(container).get("resources", {}).get("cgroup_parent"):  # else everybody knows where it is
        cgroups.note(workspace, spec_of(container)["linux"]["cgroupsPath"])
    gone(services.containers.delete, container.id)
    together(remove_snapshot, lambda: gone(services.leases.delete, lease_of(container.id)))
    remove_tree(workspace.data / container.id)
    remove_tree(workspace.state / container.id)


def remove(workspace: Workspace, container: Container, *, force: bool = False) -> None:
    """Remove a container. A running one is a Conflict in docker's words, unless `force` kills it first."""
    try:
        task = states.task(workspace.services, container.id)
    except NotFound:
        task = None
    if task is None:
        end_task(workspace, container.id, doomed=True)
        erase(workspace, container)
        return
    if not force and task.status == "unknown":
        raise states.silent(workspace.services, container.id)
    if not force and task.status in ALIVE:
        shown = name_of(container) or container.id
        state = "running: stop the container" if task.status == "running" else "paused: unpause the container"
        raise Conflict(f'cannot remove container "{shown}": container is {state} before removing or force remove')
    from chub.core.keeping import Keeper

    with closing(Keeper(workspace)) as keeper:
        keeper.attend(container.id)
        if task.status == "unknown":
            states.end(workspace.services, container.id)
        end_task(workspace, container.id, doomed=True)
        erase(workspace, container)
        keeper.drop(container.id)
