"""Run a container to its end: create, start, carry its streams, learn how it ended, tidy up."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chub.core import create, endings, lifecycle
from chub.core.create import Created
from chub.core.endings import LOST, Ending
from chub.core.patience import patiently
from chub.core.stdio import Fifos, Sink
from chub.core.workspace import Workspace
from chub.errors import ChubError, Conflict, EngineFault, NotFound, ProgramNotExecutable, ProgramNotFound, Unavailable
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.tasks import Exit
    from chub.options.request import Request

FAILED = 128  # exit code of a container that the runtime could not start, as docker's


@record
class Streams:
    """Where a program's input comes from and its output goes to."""

    source: Callable[[], bytes] | None = None  # gives chunks, b"" at the end; None: /dev/null
    stdout: Sink
    stderr: Sink


@record
class Finished:
    """How a run ended."""

    id: str
    name: str
    exit_code: int  # the program's; 128 + n for signal n; 255 where nobody knows
    started: datetime
    finished: datetime
    error: str = ""  # why the exit code is not known
    output_failure: OSError | None = None  # why not all output reached its sink
    input_failure: OSError | None = None  # why not all input was read
    warnings: tuple[str, ...] = ()  # what the directory had and the container lacked


@dataclass(slots=True, kw_only=True)
class Running:
    """A container that runs, with this process at its streams."""

    workspace: Workspace
    created: Created
    broken: Callable[[], object] = field(default=lambda: None)  # called when a sink can take no more

    def kill(self, number: int) -> None:
        """Send a signal; a program that has ended meanwhile is no error."""
        with suppress(NotFound, Conflict):
            self.workspace.services.tasks.kill(self.created.id, number)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the program's terminal its size."""
        with suppress(NotFound, Conflict, Unavailable):
            self.workspace.services.tasks.resize(self.created.id, columns, rows)

    def wait(self) -> Exit:
        """Wait for the end, through a restart of containerd if need be.

        Raises NotFound if the task is gone and its exit status with it.
        """
        tasks = self.workspace.services.tasks

        def ended() -> Exit:
            try:
                return tasks.wait(self.created.id, timeout=None)
            except EngineFault:
                tasks.get(self.created.id)  # NotFound: the shim has died, and containerd has cleaned up
                raise

        return patiently(self.workspace.services.channel, ended)

    def start(self) -> None:
        """Start the program, through a restart of containerd if need be: the call may be lost, or only its answer."""
        tasks = self.workspace.services.tasks
        again = False

        def begin() -> None:
            nonlocal again
            if again:
                try:
                    if tasks.get(self.created.id).status != "created":
                        return
                except NotFound:  # it has started and ended: the wait will say so
                    return
            again = True
            tasks.start(self.created.id)

        patiently(self.workspace.services.channel, begin)


Attend = Callable[[Running], AbstractContextManager["Callable[[], Exit]"]]


def _alone(running: Running) -> AbstractContextManager[Callable[[], Exit]]:
    return nullcontext(running.wait)


def run(
    workspace: Workspace,
    request: Request,
    streams: Streams,
    *,
    console: tuple[int, int] | None = None,
    attend: Attend = _alone,
) -> Finished:
    """Run a container in the foreground.

    `console` is the first (columns, rows) of its terminal. `attend` is entered before the program starts; what it
    gives waits for the end, and may send signals and sizes meanwhile. With `request.identity.remove` nothing is left
    afterwards; else the container stays, and its ending is written down. Raises ProgramNotFound and
    ProgramNotExecutable for the program, ChubError for all else; then a container that is to be removed is gone,
    another one stays as "created".
    """
    created = create.create(workspace, request, console=console)
    try:
        finished = _run(workspace, created, streams, attend)
    except BaseException as failure:
        after(failure, created, lambda: settle(workspace, created))
        raise
    settle(workspace, created)
    return finished


def after(failure: BaseException, created: Created, step: Callable[[], object]) -> None:
    """Tidy up after a failure. Where that fails too, the first failure says what may be left, and how to remove it."""
    try:
        step()
    except (ChubError, OSError) as second:
        failure.add_note(f"tidying up failed too: {second}")
        if isinstance(failure, ChubError):
            failure.hint = (
                f"container {created.name} may still be there: start the engine again, then chub rm -f {created.name}"
            )


def settle(workspace: Workspace, created: Created) -> None:
    """What is to be left is left, and nothing else."""
    if created.request.identity.remove:
        lifecycle.erase(workspace, created.record)
    else:
        create.release(workspace, created)


def _run(workspace: Workspace, created: Created, streams: Streams, attend: Attend) -> Finished:
    running = Running(workspace=workspace, created=created)
    terminal = created.request.terminal
    fifos = Fifos(workspace.state / created.id, stdin=streams.source is not None, tty=terminal.tty)
    error = ""
    try:
        fifos.make()
        with attend(running) as wait:
            started = _start(workspace, created, fifos, streams, running)
            endings.write(created.directory, Ending(started=started))
            try:
                ended = wait()
                code, finished = ended.exit_status, ended.exited_at or datetime.now(UTC)
            except NotFound:
                code, finished = LOST, datetime.now(UTC)
                error = "its task is gone, and its exit status with it: the shim was killed, or containerd restarted"
            fifos.drain()
        if not created.request.identity.remove:
            ending = Ending(started=started, finished=finished, exit_code=code, error=error)
            endings.write(created.directory, ending)
        lifecycle.delete_task(workspace, created.id)
    except BaseException as failure:
        after(failure, created, lambda: lifecycle.end_task(workspace, created.id))
        raise
    finally:
        fifos.close()
    return Finished(
        id=created.id,
        name=created.name,
        exit_code=code,
        started=started,
        finished=finished,
        error=error,
        output_failure=fifos.failure,
        input_failure=fifos.input_failure,
        warnings=created.warnings,
    )


def _start(workspace: Workspace, created: Created, fifos: Fifos, streams: Streams, running: Running) -> datetime:
    """Make the task, connect its streams, and start the program; when that was (it may be over when this returns)."""
    tasks = workspace.services.tasks
    try:
        tasks.create(created.id, created.mounts, fifos.paths, options=created.record.runtime.options)
        sinks = (streams.stdout,) if fifos.tty else (streams.stdout, streams.stderr)
        fifos.read_into(*sinks, broken=lambda: running.broken())
        if streams.source is not None:
            fifos.write_from(streams.source, lambda: _end_of_input(workspace, created, fifos.tty))
        started = datetime.now(UTC)
        running.start()
    except ChubError as failure:
        why = refused(failure, created.args[0], created.request.identity.runtime or "runc")
        if not created.request.identity.remove:
            endings.write(created.directory, Ending(exit_code=why.exit_code or FAILED, error=str(why)))
        raise why from failure
    return started


def refused(failure: ChubError, program: str, runtime: str = "runc") -> ChubError:
    """What a runtime says of a program that it cannot start, as docker's exit statuses put it (126, 127).

    runc names the program after ``exec``, crun after ``executable file``; another name there is not the program's.
    A `runtime` or shim that containerd cannot start itself is NotFound.
    """
    text = str(failure)
    if missing := _runtime_missing(text, runtime):
        return missing
    if not re.search(rf"exec(utable file)?:? [\"`]?{re.escape(_as_go(program))}[\"`]?[: ]", text):
        return _plainly(failure)
    if any(words in text for words in ("not found", "no such file or directory")):
        return ProgramNotFound(_why(text), hint=f"is {program!r} in the image, and in its PATH?")
    if any(words in text for words in ("permission denied", "is a directory", "not a directory")):
        return ProgramNotExecutable(_why(text), hint=f"{program!r} must be a file with execute permission")
    return _plainly(failure)


def _runtime_missing(text: str, runtime: str) -> NotFound | None:
    """The error for a shim that containerd, or a runtime that the shim does not find; None if that is not it."""
    if shim := re.search(r'binary not installed "([^"]+)"', text):
        return NotFound(
            f"containerd has no runtime {runtime}: {shim[1]} is not in the engine's PATH",
            hint="install it where the engine looks for programs, or choose another --runtime",
        )
    if "unable to retrieve OCI runtime error" in text and re.search(r'exec: "|fork/exec ', text):
        return NotFound(
            f"the runtime {runtime} cannot be started: {text.rpartition('): ')[2]}",
            hint="install it where the engine looks for programs (apt-get install runc), or choose another --runtime",
        )
    return None


def _plainly(failure: ChubError) -> ChubError:
    """The same, in the runtime's own words where they are in it."""
    text = str(failure)
    if "unable to start container process" not in text:
        return failure
    return type(failure)(_why(text), hint="the runtime refused what the options, or the image, ask for")


def _as_go(word: str) -> str:
    """A word as Go quotes it in an error."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}

    def quoted(each: str) -> str:
        return escapes.get(each) or (each if each.isprintable() or not each.isascii() else f"\\x{ord(each):02x}")

    return "".join(map(quoted, word))


def _why(text: str) -> str:
    """The runtime's own words, without those of everybody who handed them on."""
    start = text.find("unable to start container process")
    return text[max(start, 0) :]


def _end_of_input(workspace: Workspace, created: Created, tty: bool) -> None:
    """Tell the program that no more input comes. A terminal has no such end: ^D is a key."""
    if tty:
        return
    services = workspace.services
    with suppress(ChubError):  # it has ended meanwhile; or the engine is gone, which the wait will say
        patiently(services.channel, lambda: services.tasks.close_stdin(created.id))
