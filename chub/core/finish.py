"""What the keeper starts when a program has ended: write down how, delete the task, remove what is to go."""

from __future__ import annotations

import sys
from datetime import datetime

from chub.core import endings, lifecycle
from chub.core.endings import LOST, UNSEEN, Ending
from chub.core.listing import request_of
from chub.core.names import lease_of
from chub.core.patience import patiently
from chub.core.undo import gone, remove_tree
from chub.core.workspace import Workspace
from chub.errors import ChubError, NotFound
from chub.output import protocol

NOT_STARTED = "its client was killed while it started the program"


def finish(workspace: Workspace, id: str, seen: tuple[int, datetime] | None = None) -> None:
    """Finish a container whose first process is gone, or was never started by the client that made its task.

    `seen` is what its shim said of the end, exit code and time; containerd may have forgotten it.
    """
    services = workspace.services
    directory = workspace.data / id
    known = endings.read(directory) or Ending()
    if seen is not None:
        ending: Ending | None = known.told(*seen)
    else:
        ending = patiently(services.channel, lambda: _ending(workspace, id, known))
    if ending is not None:
        endings.write(directory, ending)
    try:
        container = services.containers.get(id)
    except NotFound:
        container = None
    lifecycle.end_task(workspace, id)
    if container is not None and request_of(container).get("identity", {}).get("remove"):
        lifecycle.erase(workspace, container)
    else:
        gone(services.leases.delete, lease_of(id))  # of a client that was killed
    if container is None:  # by one that was killed while it removed it
        remove_tree(directory)
    remove_tree(workspace.state / id)


def _ending(workspace: Workspace, id: str, known: Ending) -> Ending | None:
    """How it ended; None where that is written down already, or it never ran."""
    tasks = workspace.services.tasks
    try:
        if tasks.get(id).status == "created":
            return Ending(error=NOT_STARTED) if known.started and not known.finished else None
        ended = tasks.wait(id, timeout=lifecycle.KILL_DEADLINE)
    except NotFound:
        if known.finished is not None or known.started is None:
            return None
        return known.told(LOST, None, UNSEEN)
    return known.told(ended.exit_status, ended.exited_at)


def main(arguments: list[str]) -> None:
    """Finish the container that the command line names; exit status 1: try again later, RUNS: it runs."""
    from chub.api.channel import Channel
    from chub.api.services import Services
    from chub.settings import load

    address, namespace, data_root, state_root, snapshotter, id, *known = arguments
    seen = (int(known[0]), endings.moment(int(known[1]))) if len(known) == 2 else None
    flags = {"address": address, "data_root": data_root, "state_root": state_root, "snapshotter": snapshotter}
    with Services(Channel(address), namespace) as services:
        workspace = Workspace(services, load(flags, environ={}, files=()))
        try:
            if known == [protocol.UNLESS_IT_RUNS] and lifecycle.alive(workspace, id):
                sys.exit(protocol.RUNS)
            finish(workspace, id, seen)
        except ChubError as failure:
            sys.exit(str(failure))
