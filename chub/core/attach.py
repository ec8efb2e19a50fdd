"""Look on at a container that runs: its output from now on, and its input."""

from __future__ import annotations

from contextlib import closing

from chub.core import endings, lifecycle
from chub.core.endings import LOST
from chub.core.listing import asked_for, owner_of
from chub.core.names import name_of
from chub.core.process import Attend, Process
from chub.core.stdio import Input, Streams
from chub.core.tail import Tail
from chub.core.workspace import Workspace
from chub.errors import Conflict, NotFound, Unsupported
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container


@record
class Attached:
    """How looking on ended."""

    exit_code: int | None  # the program's; 255 where nobody knows; None: it was left, and runs on
    output_failure: OSError | None = None  # why not all output reached its sink
    input_failure: OSError | None = None  # why not all input was read


def attachable(workspace: Workspace, container: Container) -> None:
    """Raise Conflict, in docker's words, for a container that does not run, and Unsupported where nobody can attach."""
    if (owner := owner_of(container, workspace.services.namespace)) != "chub":
        raise Unsupported(
            f"container {name_of(container) or container.id[:12]}: its output belongs to {owner or 'another client'}",
            hint=f"attach with {owner}: a second reader would take bytes from it" if owner else "look at chub logs",
        )
    task = lifecycle.alive(workspace, container.id)
    if task is None:
        raise Conflict("You cannot attach to a stopped container, start it first")
    if task.status in lifecycle.PAUSED:
        raise Conflict("You cannot attach to a paused container, unpause it first")
    if asked_for(container).logging.driver == "none":
        raise Unsupported(
            f"container {name_of(container)}: nothing is kept of its output, so there is nothing to attach to",
            hint="run it with --log-driver json-file",
        )


def attach(workspace: Workspace, container: Container, streams: Streams, attend: Attend) -> Attached:
    """Bring what a container writes from now on to the sinks, and the source to its input, until it ends.

    Its input goes on when the source ends, unless it belongs to its first client alone (`Terminal.stdin_once`).
    """
    id, terminal = container.id, asked_for(container).terminal
    process = Process(services=workspace.services, id=id)
    ends = terminal.stdin_once and not terminal.tty
    with closing(Tail(workspace, id)) as output, attend(process) as attendance:
        output.read_into(streams, attendance.broken)
        given = Input(
            str(workspace.state / id / "stdin"),
            streams,
            ended=process.end_input if ends else lambda: None,
            leave=attendance.leave,
        )
        try:
            ended = attendance.wait()
            code = ended.exit_status if ended is not None else None
            if ended is not None:
                output.drain()
        except NotFound:
            output.drain()
            code = _code(workspace, id, output)
    return Attached(exit_code=code, output_failure=output.failure, input_failure=given.failure)


def _code(workspace: Workspace, id: str, output: Tail) -> int:
    """The exit code where containerd has forgotten it."""
    if (seen := output.exit()) is not None:
        return seen[0]
    ending = endings.of(workspace, id)
    return LOST if ending is None or ending.exit_code is None else ending.exit_code
