"""Execute another program in a container that runs, whoever made it.

Its streams go straight between the shim and here; nothing of them is kept. The keeper knows of it, and looks after it
when this process goes before its end.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from chub.api.channel import USUAL
from chub.api.tasks import Exit, Stdio
from chub.api.wire import TypedValue
from chub.core import lifecycle
from chub.core.keeping import Keeper
from chub.core.listing import request_of, spec_of
from chub.core.marks import PROCESS_TYPE
from chub.core.names import name_of, new_id
from chub.core.process import Attend, Attendance, Process, alone
from chub.core.refusals import refused_to_execute
from chub.core.stdio import Input, Outputs, Streams, make_fifos, remove_fifos
from chub.core.undo import Undo, gone
from chub.core.workspace import Workspace, private_directory, writing
from chub.errors import ChubError, Conflict, EngineFault, NotFound, TimedOut
from chub.oci.spec.execution import process as process_spec
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from chub.api.containers import Container
    from chub.api.tasks import Task
    from chub.options.execution import Execution

EXECUTIONS = "executed"  # directory, below chub's state directory for a namespace, of their FIFOs
LINGERING = 1.0  # seconds that output may pause after the program's end, while others hold it open


@record
class Executed:
    """How a program ended that was executed in a container."""

    exit_code: int | None  # 128 + n for signal n; None: it was left, and runs on
    output_failure: OSError | None = None  # why not all output reached its sink
    input_failure: OSError | None = None  # why not all input was read


def execute(
    workspace: Workspace,
    container: Container,
    execution: Execution,
    streams: Streams,
    *,
    pid: int = 0,
    console: tuple[int, int] | None = None,
    attend: Attend = alone,
) -> Executed:
    """Execute a program in a container to its end.

    `pid` is the container's first process, 0 where that is not known; `console` the first (columns, rows) of the
    program's terminal; `attend` is as for `chub.core.run.run`. What the program started and left behind with its output
    still open is not waited for when that has been silent for a second. A program that outlives us, or is left, goes
    on, and its output is dropped. Raises Conflict in docker's words for a container that does not run or is paused,
    Invalid for a user that it does not have, ProgramNotStarted for what the runtime refuses.
    """
    process = Process(services=workspace.services, id=container.id, exec_id=new_id())
    spec = _spec(workspace, container, execution, console)
    with _looked_after(workspace, process, execution, pid) as directory, Undo() as undo, attend(process) as attendance:
        stdio = make_fifos(directory, stdin=execution.interactive, tty=execution.tty)
        outputs = Outputs(stdio)
        undo.add(outputs.close)
        undo.add(_end, process)
        _start(workspace, container, process, spec, stdio)
        outputs.read_into(streams, attendance.broken)
        given = Input(
            stdio.stdin,
            streams,
            ended=(lambda: None) if execution.tty else process.end_input,
            leave=attendance.leave,
        )
        ended = _waited(attendance)
        if ended is not None:
            _delete(process, drained=outputs.drain(LINGERING))
            outputs.drain()
            remove_fifos(directory)
    return Executed(
        exit_code=None if ended is None else ended.exit_status,
        output_failure=outputs.failure,
        input_failure=given.failure,
    )


def execute_detached(workspace: Workspace, container: Container, execution: Execution, *, pid: int = 0) -> None:
    """Start a program in a container and leave it alone: it reads nothing, and its output is dropped.

    `pid` is as for `execute`, which also says what is raised.
    """
    process = Process(services=workspace.services, id=container.id, exec_id=new_id())
    spec = _spec(workspace, container, execution, None)
    stdio = Stdio(stdout=os.devnull, stderr="" if execution.tty else os.devnull, terminal=execution.tty)
    with _looked_after(workspace, process, execution, pid) as directory, Undo() as undo:
        with writing(directory):
            private_directory(directory)
        undo.add(_end, process)
        _start(workspace, container, process, spec, stdio)


@contextmanager
def _looked_after(workspace: Workspace, process: Process, execution: Execution, pid: int) -> Iterator[Path]:
    """Have the keeper look after a process when this block ends, in whatever way, and its directory is there still.

    The directory is to be made in the block; an exception removes it.
    """
    directory = workspace.state / EXECUTIONS / process.exec_id
    with closing(Keeper(workspace)) as keeper, Undo() as undo:
        keeper.execute(process.exec_id, process.id, directory, pid=pid, tty=execution.tty, stdin=execution.interactive)
        undo.add(remove_fifos, directory)
        yield directory


def _spec(
    workspace: Workspace, container: Container, execution: Execution, console: tuple[int, int] | None
) -> TypedValue:
    user, capabilities = None, None
    if execution.user:
        user = _user(workspace, container, execution.user)
    if execution.privileged:
        from chub.core.host import host_facts

        capabilities = host_facts().capabilities
    first = spec_of(container).get("process", {})
    spec = process_spec(first, execution, user=user, capabilities=capabilities, console=console)
    return TypedValue.of_json(PROCESS_TYPE, spec)


def _user(workspace: Workspace, container: Container, user: str) -> Mapping[str, Any]:
    """A user as the container itself knows it now, with the groups that its maker added."""
    from chub.core.accounts import GROUP, PASSWD, account
    from chub.core.files import read_live

    task = _executable(workspace, container)
    files = read_live(task.pid, (PASSWD, GROUP))
    if _executable(workspace, container).pid != task.pid:  # it ended, and whose files these are nobody knows
        raise Conflict(f"container {container.id} was restarted meanwhile")
    added = request_of(container).get("process", {}).get("groups", ())
    who = account(files, user, added)
    return {"uid": who.uid, "gid": who.gid, "additionalGids": list(who.groups)}


def _executable(workspace: Workspace, container: Container) -> Task:
    """The task of a container; raises Conflict in docker's words where nothing can be executed in it."""
    task = lifecycle.running(workspace, container)
    if task.status in lifecycle.PAUSED:
        shown = name_of(container) or container.id
        raise Conflict(f"Container {shown} is paused, unpause the container before exec")
    return task


def _start(workspace: Workspace, container: Container, process: Process, spec: TypedValue, stdio: Stdio) -> None:
    try:
        workspace.services.tasks.exec(process.id, process.exec_id, spec, stdio)
    except ChubError:
        _executable(workspace, container)
        raise
    try:
        process.start()
    except ChubError as failure:
        raise refused_to_execute(failure) from failure


def _waited(attendance: Attendance) -> Exit | None:
    """How a process ended; None if it was left. One whose container is gone was killed with all that was in it."""
    try:
        return attendance.wait()
    except NotFound:
        return Exit(exit_status=128 + signal.SIGKILL)


def _delete(process: Process, *, drained: bool) -> None:
    """Delete a process that has ended. The shim waits for the end of its output, which may never come: then not we."""
    tasks = process.services.tasks
    with suppress(NotFound):  # the container has ended, and all with it
        try:
            tasks.delete_process(process.id, process.exec_id, timeout=USUAL if drained else LINGERING)
        except TimedOut:  # it has deleted it all the same
            if drained:
                raise
        except EngineFault:  # its shim went away under our call
            tasks.get(process.id)
            raise


def _end(process: Process) -> None:
    """Delete a process, which is killed if it runs."""
    tasks = process.services.tasks
    try:
        tasks.delete_process(process.id, process.exec_id)
    except (Conflict, EngineFault):
        process.kill(signal.SIGKILL)
        tasks.wait(process.id, process.exec_id, timeout=lifecycle.KILL_DEADLINE)
        gone(_delete, process, drained=False)
