"""Containers at this process's standard streams, terminal and signals: run, started, attached to, executed in.

Each function imports what it needs: a command uses one of them, and making a container takes the most modules.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing

from chub.core import terminal
from chub.core.foreground import ENDING, STDOUT, attended, streams_here
from chub.core.listing import asked_for
from chub.core.stdio import Streams
from chub.core.workspace import Workspace

EXEC_ENDING = ENDING | {signal.SIGINT, signal.SIGTERM}  # the program goes on
TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.core.attach import Attached
    from chub.core.execute import Executed
    from chub.core.run import Finished
    from chub.options.execution import Execution
    from chub.options.request import Request
    from chub.options.terminal import Terminal


def run_here(
    workspace: Workspace,
    request: Request,
    *,
    signals: bool = True,
    leave: bytes = b"",
    announce: Callable[[str], object] = lambda _: None,
) -> Finished:
    """Run a container to its end, connected to those streams that `request.terminal.attached` names.

    With a terminal asked for, the user's is raw meanwhile, its size is the container's, and the keys `leave` leave the
    container alone. `signals` go to the program. When nobody reads the output any more, the program is killed.
    """
    from chub.core.run import run

    asked = request.terminal
    streams = _streams(asked, stdin=asked.stdin_once, leave=leave)
    return run(
        workspace,
        request,
        streams,
        console=terminal.size(STDOUT) if asked.tty else None,
        attend=attended(tty=asked.tty, raw=asked.tty and streams.source is not None, signals=signals),
        announce=announce,
    )


def start_here(
    workspace: Workspace, container: Container, *, stdin: bool = False, signals: bool = True, leave: bytes = b""
) -> Finished | Attached:
    """Start a container and stay until its end, at its output and with `stdin` also its input; one that runs is
    attached to.
    """
    from chub.core.run import to_its_end
    from chub.core.start import made
    from chub.core.turns import Turn

    with closing(Turn(workspace.data / container.id)) as turn:
        created = made(workspace, container, turn)
        if created is not None:
            asked = created.request.terminal
            streams = _streams(asked, stdin=stdin and asked.interactive, leave=leave)
            attend = attended(tty=asked.tty, raw=asked.tty and streams.source is not None, signals=signals, kill=False)
            return to_its_end(workspace, created, streams, attend, launched=turn.close)
    return attach_here(workspace, container, stdin=stdin, signals=signals, leave=leave)


def attach_here(
    workspace: Workspace, container: Container, *, stdin: bool = True, signals: bool = True, leave: bytes = b""
) -> Attached:
    """Look at what a running container writes from now on, and with `stdin` type into it, until it ends.

    Raises Unsupported for a container that others made, Conflict for one that does not run.
    """
    from chub.core.attach import attach, attachable

    attachable(workspace, container)
    asked = asked_for(container).terminal
    streams = _streams(asked, stdin=stdin and asked.interactive, leave=leave)
    attend = attended(
        tty=asked.tty, raw=asked.tty and streams.source is not None, signals=signals and not asked.tty, kill=False
    )
    return attach(workspace, container, streams, attend)


def execute_here(
    workspace: Workspace, container: Container, execution: Execution, *, pid: int = 0, leave: bytes = b""
) -> Executed:
    """Execute a program in a container, at these streams, to its end; with a terminal the keys `leave` leave it alone.

    `pid` is the container's first process, 0 where that is not known.

    When nobody reads the output any more, the program is killed.
    """
    from chub.core.execute import execute

    tty, stdin = execution.tty, execution.interactive
    return execute(
        workspace,
        container,
        execution,
        streams_here(tty=tty, stdin=stdin, leave=leave if tty else b""),
        pid=pid,
        console=terminal.size(STDOUT) if tty else None,
        attend=attended(tty=tty, raw=tty and stdin, signals=not tty, ending=EXEC_ENDING),
    )


def _streams(asked: Terminal, *, stdin: bool, leave: bytes) -> Streams:
    return streams_here(
        tty=asked.tty,
        stdin=stdin,
        stdout="stdout" in asked.attached or not asked.attached,
        stderr="stderr" in asked.attached or not asked.attached,
        leave=leave if asked.tty else b"",
    )
