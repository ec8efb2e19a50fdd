"""What the keeper starts when a program has ended: write down how, delete the task, remove what is to go."""

from __future__ import annotations

import sys
from datetime import datetime

from chub.core import endings, lifecycle, states
from chub.core.endings import LOST, UNSEEN, Ending
from chub.core.listing import request_of
from chub.core.names import lease_of
from chub.core.patience import patiently
from chub.core.turns import Turn
from chub.core.undo import gone, remove_tree
from chub.core.workspace import Workspace
from chub.errors import ChubError, NotFound
from chub.output import protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.tasks import Task

NOT_STARTED = "its client was killed while it started the program"


def finish(
    workspace: Workspace, id: str, seen: tuple[int, datetime] | None = None, *, pid: int = 0, spare: bool = False
) -> bool:
    """Finish a container whose first process is gone, or was never started by the client that made its task.

    `seen` is what its shim said of the end, exit code and time; containerd may have forgotten it. `pid` is that first
    process: somebody else may have finished it, and it may have been started again, which is then let alone. Where it
    is not known, `spare` lets a program alone that runs. False: that was so. Raises TimedOut where the shim is silent.
    """
    with Turn(workspace.data / id):
        if spare and lifecycle.alive(workspace, id) is not None:
            return False
        task = patiently(workspace.services.channel, lambda: _task(workspace, id))
        if pid and task is not None and task.status == "unknown":
            raise states.silent(workspace.services, id)
        if task is None or pid in (0, task.pid):
            _finish(workspace, id, task, seen, pid)
    return True


def _task(workspace: Workspace, id: str) -> Task | None:
    try:
        return workspace.services.tasks.get(id)
    except NotFound:
        return None


def _finish(workspace: Workspace, id: str, task: Task | None, seen: tuple[int, datetime] | None, pid: int) -> None:
    services = workspace.services
    directory = workspace.data / id
    try:
        container = services.containers.get(id)
    except NotFound:
        container = None
    doomed = container is None or bool(request_of(container).get("identity", {}).get("remove"))
    known = endings.read(directory) or Ending()
    if known.started is not None and known.finished is None and pid in (0, known.pid):
        endings.write(directory, _ending(workspace, task, known, seen), doomed=doomed)
    lifecycle.end_task(workspace, id, doomed=doomed)
    if container is not None and doomed:
        lifecycle.erase(workspace, container)
    else:
        gone(services.leases.delete, lease_of(id))  # of a client that was killed
    if container is None:  # by one that was killed while it removed it
        remove_tree(directory)
    remove_tree(workspace.state / id)


def _ending(workspace: Workspace, task: Task | None, known: Ending, seen: tuple[int, datetime] | None) -> Ending:
    """How it ended, in place of how it began."""
    services = workspace.services
    if seen is not None:
        return known.told(*seen)
    if task is None:
        return known.told(LOST, None, UNSEEN)
    if task.status == "created":
        return Ending(error=NOT_STARTED)
    try:
        ended = patiently(services.channel, lambda: services.tasks.wait(task.id, timeout=lifecycle.KILL_DEADLINE))
    except NotFound:
        return known.told(LOST, None, UNSEEN)
    return known.told(ended.exit_status, ended.exited_at)


def main(arguments: list[str]) -> None:
    """Finish the container that the command line names; exit status 1: try again later, RUNS: it runs.

    After its id come its first process, and exit code and time of its end; or that it is only finished if it does not
    run.
    """
    from chub.api.channel import Channel
    from chub.api.services import Services
    from chub.settings import load

    address, namespace, data_root, state_root, snapshotter, id, *known = arguments
    spare = known == [protocol.UNLESS_IT_RUNS]
    pid, *exit = (0,) if spare else map(int, known)
    seen = (exit[0], endings.moment(exit[1])) if exit else None
    flags = {"address": address, "data_root": data_root, "state_root": state_root, "snapshotter": snapshotter}
    with Services(Channel(address), namespace) as services:
        workspace = Workspace(services, load(flags, environ={}, files=()))
        try:
            if not finish(workspace, id, seen, pid=pid, spare=spare):
                sys.exit(protocol.RUNS)
        except ChubError as failure:
            sys.exit(str(failure))
