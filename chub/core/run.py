"""Run a container to its end: start it, look on, learn how it ended, tidy up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime

from chub.core import create, endings, lifecycle
from chub.core.create import Created
from chub.core.endings import LOST, Ending
from chub.core.keeping import Keeper
from chub.core.launch import launch
from chub.core.process import Attendance, Process
from chub.core.settle import after, settle
from chub.core.stdio import Input, Outputs, Streams, remove_fifos
from chub.core.tail import Tail
from chub.core.workspace import Workspace
from chub.errors import NotFound
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.options.request import Request

GONE = "its task is gone, and its exit status with it: the shim was killed, or containerd restarted"

Attend = Callable[[Process], AbstractContextManager[Attendance]]


@record
class Finished:
    """How a run ended."""

    id: str
    name: str
    exit_code: int  # the program's; 128 + n for signal n; 255 where nobody knows; 0 if it was left
    started: datetime
    finished: datetime | None  # None: it was left, and runs on
    error: str = ""  # why the exit code is not known
    output_failure: OSError | None = None  # why not all output reached its sink
    input_failure: OSError | None = None  # why not all input was read
    warnings: tuple[str, ...] = ()  # what the directory had and the container lacked


def alone(process: Process) -> AbstractContextManager[Attendance]:
    """Attend a process without a terminal and without passing signals on."""
    return nullcontext(Attendance(process))


def run(
    workspace: Workspace,
    request: Request,
    streams: Streams,
    *,
    console: tuple[int, int] | None = None,
    attend: Attend = alone,
    announce: Callable[[str], object] = lambda _: None,
) -> Finished:
    """Run a container in the foreground.

    `console` is the first (columns, rows) of its terminal. `attend` is entered before the program starts; what it
    gives waits for the end, and may send signals and sizes meanwhile. `announce` gets the id once it is made. With
    `request.identity.remove` nothing is left afterwards; else the container stays, and its ending is written down.
    Raises ProgramNotFound and ProgramNotExecutable for the program, ChubError for all else; then a container that is
    to be removed is gone, another one stays as "created".
    """
    created = create.create(workspace, request, console=console)
    return to_its_end(workspace, created, streams, attend, announce)


def to_its_end(
    workspace: Workspace,
    created: Created,
    streams: Streams,
    attend: Attend,
    announce: Callable[[str], object] = lambda _: None,
) -> Finished:
    """Start a container that was made, and as `run`."""
    with closing(Keeper(workspace)) as keeper:
        try:
            announce(created.id)
            finished = _attended(workspace, created, keeper, streams, attend)
        except BaseException as failure:
            after(failure, created, lambda: settle(workspace, created))
            raise
        if finished.finished is None:
            create.release(workspace, created)
            keeper.release(created.id)
        else:
            settle(workspace, created)
            keeper.drop(created.id)
    return finished


def _attended(workspace: Workspace, created: Created, keeper: Keeper, streams: Streams, attend: Attend) -> Finished:
    id, terminal = created.id, created.request.terminal
    process = Process(services=workspace.services, id=id)
    with attend(process) as attendance:
        output: Tail | Outputs | None = None
        given: Input | None = None

        def ready(outputs: Outputs) -> None:
            nonlocal output, given
            if created.request.logging.driver == "none":
                output = outputs
            else:
                outputs.close()
                output = Tail(workspace, id)
            output.read_into(streams, attendance.broken)
            given = Input(
                str(workspace.state / id / "stdin"),
                streams,
                ended=(lambda: None) if terminal.tty else process.end_input,
                leave=attendance.leave,
            )

        started = launch(workspace, created, keeper, attended=True, ready=ready)
        assert output is not None and given is not None
        try:
            ended = attendance.wait()
            if ended is None:
                return Finished(id=id, name=created.name, exit_code=0, started=started, finished=None)
            ending = Ending(started=started, finished=ended.exited_at or datetime.now(UTC), exit_code=ended.exit_status)
            if not created.request.identity.remove:
                endings.write(created.directory, ending)
            lifecycle.delete_task(workspace, id)
            keeper.ended(id)
        except NotFound:
            ending = _forgotten(started, keeper.ended(id))
            if not created.request.identity.remove:
                endings.write(created.directory, ending)
        output.drain()
    remove_fifos(workspace.state / id)
    return Finished(
        id=id,
        name=created.name,
        exit_code=LOST if ending.exit_code is None else ending.exit_code,
        started=started,
        finished=ending.finished,
        error=ending.error,
        output_failure=output.failure,
        input_failure=given.failure,
        warnings=created.warnings,
    )


def _forgotten(started: datetime, seen: tuple[int, int] | None) -> Ending:
    """The end of a program that containerd has forgotten: as its shim told the keeper, or unknown."""
    if seen is None:
        return Ending(started=started, finished=datetime.now(UTC), exit_code=LOST, error=GONE)
    return Ending(started=started, finished=datetime.fromtimestamp(seen[1] / 10**9, UTC), exit_code=seen[0])
