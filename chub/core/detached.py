"""Start a container that lives on by itself: the keeper holds its output and learns how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from chub.core import create, endings, lifecycle
from chub.core.create import Created
from chub.core.endings import Ending
from chub.core.keeping import Keeper
from chub.core.run import FAILED, after, refused, settle
from chub.core.stdio import make_fifos
from chub.core.undo import Undo, remove_tree
from chub.core.workspace import Workspace
from chub.errors import ChubError
from chub.keeper.kept import start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.options.request import Request


def run_detached(workspace: Workspace, request: Request, announce: Callable[[str], object] = lambda _: None) -> Created:
    """Make a container and start its program; `announce` gets its id once it is made.

    Raises as `run` does; a container that is to be removed is gone then, another one stays as "created".
    """
    created = create.create(workspace, request)
    try:
        announce(created.id)
        start(workspace, created)
    except BaseException as failure:
        after(failure, created, lambda: settle(workspace, created))
        raise
    create.release(workspace, created)
    return created


def start(workspace: Workspace, created: Created) -> None:
    """Start the program of a container that has no task; its output goes to the keeper."""
    terminal, tasks = created.request.terminal, workspace.services.tasks
    directory = workspace.state / created.id
    keeper = Keeper(workspace)
    with Undo() as undo:
        undo.add(keeper.close)
        undo.add(remove_tree, directory)
        stdio = make_fifos(directory, stdin=terminal.interactive, tty=terminal.tty)
        keeper.keep(created.id, directory, created.directory, tty=terminal.tty)
        undo.add(keeper.drop, created.id)
        undo.add(lifecycle.end_task, workspace, created.id)
        try:
            pid = tasks.create(created.id, created.mounts, stdio, options=created.record.runtime.options)
            ticks = start_ticks(pid)
            endings.write(created.directory, Ending(started=datetime.now(UTC)))
            tasks.start(created.id)
        except ChubError as failure:
            why = refused(failure, created.args[0], created.request.identity.runtime or "runc")
            endings.write(created.directory, Ending(exit_code=why.exit_code or FAILED, error=str(why)))
            raise why from failure
        keeper.started(created.id, pid, ticks)
    keeper.close()
