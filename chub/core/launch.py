"""Start the program of a container: the keeper holds its output and learns how it ends, whoever else looks on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chub.core import create, endings, lifecycle
from chub.core.create import Created
from chub.core.endings import Ending
from chub.core.keeping import Keeper
from chub.core.process import Process
from chub.core.refusals import refused
from chub.core.settle import after, settle
from chub.core.stdio import Outputs, make_fifos, remove_fifos
from chub.core.undo import Undo
from chub.core.workspace import Workspace
from chub.errors import ChubError
from chub.keeper.kept import start_ticks
from chub.oci.spec.resources import cgroup_of
from chub.options.namespaces import joins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.joining import Joins
    from chub.options.request import Request

FAILED = 128  # exit code of a container that the runtime could not start, as docker's


def run_detached(workspace: Workspace, request: Request, announce: Callable[[str], object] = lambda _: None) -> Created:
    """Make a container and start its program, to live on by itself; `announce` gets its id once it is made.

    Raises as `run` does; a container that is to be removed is gone then, another one stays as "created".
    """
    created = create.create(workspace, request)
    try:
        announce(created.id)
        start_detached(workspace, created)
    except BaseException as failure:
        after(failure, created, lambda: settle(workspace, created))
        raise
    create.release(workspace, created)
    return created


def start_detached(workspace: Workspace, created: Created) -> None:
    """Start the program of a container that has no task, to live on by itself."""
    keeper = Keeper(workspace)
    try:
        launch(workspace, created, keeper)
        keeper.release(created.id)
    finally:
        keeper.close()


def launch(
    workspace: Workspace,
    created: Created,
    keeper: Keeper,
    *,
    ready: Callable[[Outputs], object] = Outputs.close,
    reads: bool = False,
) -> Ending:
    """Start the program of a container that has no task; what is known of that (it may be over when this returns).

    `ready` is called when all is set up and before the program starts, with the output's FIFOs: it `reads` them, or
    closes them, as the keeper does. Whoever calls this looks after the program's end, until `keeper` is told otherwise.
    """
    id, request, tasks = created.id, created.request, workspace.services.tasks
    directory = workspace.state / id
    with Undo() as undo:
        undo.add(remove_fifos, directory)
        stdio = make_fifos(directory, stdin=request.terminal.interactive, tty=request.terminal.tty)
        outputs = Outputs(stdio)
        undo.add(outputs.close)
        undo.add(keeper.drop, id)
        undo.add(lifecycle.end_task, workspace, id)
        try:
            joined = _joined(workspace, created)
            with keeper.keeping(id, directory, created.directory, request, reads=reads):
                pid = tasks.create(id, created.mounts, stdio, options=created.record.runtime.options)
            keeper.made(id, pid, start_ticks(pid))
            if joined is not None:
                joined.enter(pid)
            ready(outputs)
            begun = Ending(started=datetime.now(UTC), cgroup=cgroup_of(request.resources, id), pid=pid)
            endings.write(created.directory, begun)
            Process(services=workspace.services, id=id).start()
        except ChubError as failure:
            why = refused(failure, created.args[0], request.identity.runtime or "runc")
            endings.write(created.directory, Ending(exit_code=why.exit_code or FAILED, error=str(why)))
            raise why from failure
    return begun


def _joined(workspace: Workspace, created: Created) -> Joins | None:
    """What the container takes from others that run, now in its spec; None if it takes nothing."""
    request = created.request
    if not request.resources.devices and not joins(request.network.network, request.namespaces):
        return None
    from chub.core.joining import renewed

    return renewed(workspace, created)
