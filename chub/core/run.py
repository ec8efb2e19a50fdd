"""Run a container to its end: start it, look on, learn how it ended, tidy up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from chub.core import create, endings, lifecycle
from chub.core.create import Created
from chub.core.endings import LOST, UNSEEN, Ending
from chub.core.keeping import Keeper
from chub.core.launch import launch
from chub.core.process import Attend, Attendance, Process, alone
from chub.core.settle import after, settle
from chub.core.stdio import Input, Outputs, Streams, remove_fifos
from chub.core.tail import Tail
from chub.core.workspace import Workspace
from chub.errors import NotFound
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.options.request import Request


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
    launched: Callable[[], object] = lambda: None,
) -> Finished:
    """Start a container that was made, and as `run`; `launched` is called when its program has been started."""
    with closing(Keeper(workspace)) as keeper:
        try:
            announce(created.id)
            finished = _attended(workspace, created, keeper, streams, attend, launched)
        except BaseException as failure:
            after(failure, created, lambda: _give_up(workspace, created, keeper))
            raise
        if finished.finished is None:
            create.release(workspace, created)
            keeper.release(created.id)
        else:
            settle(workspace, created)
            keeper.drop(created.id)
    return finished


def _give_up(workspace: Workspace, created: Created, keeper: Keeper) -> None:
    """End the program, if it runs, and leave what is to be left."""
    lifecycle.end_task(workspace, created.id)
    remove_fifos(workspace.state / created.id)
    settle(workspace, created)
    keeper.drop(created.id)


class _Streams:
    """A container's streams, as the client that attends it has them."""

    def __init__(self, workspace: Workspace, created: Created, streams: Streams, attendance: Attendance) -> None:
        self._workspace = workspace
        self._created = created
        self._streams = streams
        self._attendance = attendance
        self._fifos: Outputs | None = None
        self._output: Tail | Outputs | None = None
        self._input: Input | None = None

    @property
    def reads(self) -> bool:
        """Whether the output comes here and nowhere else."""
        return self._created.request.logging.driver == "none"

    def connect(self, fifos: Outputs) -> None:
        """Begin to read and to write.

        What the keeper reads stays open here too: should it be killed just when the program ends, nothing is lost.
        """
        id, process = self._created.id, self._attendance.process
        self._fifos = fifos
        self._output = fifos if self.reads else Tail(self._workspace, id)
        self._output.read_into(self._streams, self._attendance.broken)
        self._input = Input(
            str(self._workspace.state / id / "stdin"),
            self._streams,
            ended=(lambda: None) if self._created.request.terminal.tty else process.end_input,
            leave=self._attendance.leave,
        )

    def drain(self) -> None:
        """Wait for the end of the output."""
        if self._output is not None:
            self._output.drain()

    @property
    def failures(self) -> tuple[OSError | None, OSError | None]:
        """Why not all output reached its sink, and why not all input was read."""
        output, given = self._output, self._input
        return output.failure if output is not None else None, given.failure if given is not None else None

    def close(self) -> None:
        """Close what is open still."""
        for each in (self._fifos, self._output):
            if each is not None:
                each.close()


def _attended(
    workspace: Workspace,
    created: Created,
    keeper: Keeper,
    streams: Streams,
    attend: Attend,
    launched: Callable[[], object],
) -> Finished:
    id = created.id
    with (
        attend(Process(services=workspace.services, id=id)) as attendance,
        closing(_Streams(workspace, created, streams, attendance)) as here,
    ):
        begun = launch(workspace, created, keeper, ready=here.connect, reads=here.reads)
        assert begun.started is not None
        started = begun.started
        launched()
        try:
            ended = attendance.wait()
            if ended is None:
                return Finished(id=id, name=created.name, exit_code=0, started=started, finished=None)
            ending = begun.told(ended.exit_status, ended.exited_at)
            endings.write(created.directory, ending)
            lifecycle.delete_task(workspace, id)
            keeper.ended(id)
        except NotFound:
            ending = _forgotten(begun, keeper.ended(id))
            endings.write(created.directory, ending)
        here.drain()
    remove_fifos(workspace.state / id)
    output_failure, input_failure = here.failures
    return Finished(
        id=id,
        name=created.name,
        exit_code=LOST if ending.exit_code is None else ending.exit_code,
        started=started,
        finished=ending.finished,
        error=ending.error,
        output_failure=output_failure,
        input_failure=input_failure,
        warnings=created.warnings,
    )


def _forgotten(begun: Ending, seen: tuple[int, int] | None) -> Ending:
    """The end of a program that containerd has forgotten: as its shim told the keeper, or unknown."""
    if seen is None:
        return begun.told(LOST, None, UNSEEN)
    return begun.told(seen[0], endings.moment(seen[1]))
