"""Give a container this process's terminal, standard streams and signals."""

from __future__ import annotations

import os
import queue
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from chub.core import terminal
from chub.core.run import Finished, Running, Streams, run
from chub.core.stdio import CHUNK, write_all
from chub.core.workspace import Workspace
from chub.errors import ChubError, NotATerminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.tasks import Exit
    from chub.options.request import Request

STDIN, STDOUT, STDERR = 0, 1, 2

KEPT = frozenset(
    "SIGCHLD SIGPIPE SIGURG SIGKILL SIGSTOP SIGWINCH"  # docker passes none of these on; SIGWINCH becomes a size
    " SIGTTIN SIGTTOU"  # job control of our own terminal
    " SIGSEGV SIGBUS SIGFPE SIGILL SIGABRT SIGTRAP SIGSYS".split()  # faults of this process
)
"""Signals that are not for the program."""

Signals = queue.SimpleQueue[int]
"""What came and is to be passed on, in order."""


def run_here(workspace: Workspace, request: Request) -> Finished:
    """Run a container to its end at this process's standard streams.

    With a terminal asked for, the user's is raw meanwhile and its size is the container's. Signals go to the program.
    When nobody reads the output any more, the program is killed: there is no one left to tell.
    """
    asked = request.terminal
    if asked.tty and asked.interactive and not os.isatty(STDIN):
        raise NotATerminal("the input device is not a TTY", hint="leave -t out where input is a pipe or a file")
    streams = Streams(
        source=(lambda: os.read(STDIN, CHUNK)) if asked.interactive else None,
        stdout=lambda chunk: write_all(STDOUT, chunk),
        stderr=lambda chunk: write_all(STDERR, chunk),
    )
    if sys.stdout is not None:  # a program may have closed its own
        sys.stdout.flush()
    return run(
        workspace,
        request,
        streams,
        console=terminal.size(STDOUT) if asked.tty else None,
        attend=_attended,
    )


@contextmanager
def _attended(running: Running) -> Iterator[Callable[[], Exit]]:
    """Collect signals from before the program starts; what is given waits for its end and passes them on.

    The kernel may hand a signal to any thread, and Python's handler runs in this one only when it wakes up: so the
    wait is for a pipe, into which the interpreter writes at once (`signal.set_wakeup_fd`).
    """
    asked = running.created.request.terminal
    signals: Signals = queue.SimpleQueue()
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    with ExitStack() as restored:
        restored.callback(os.close, wake)
        restored.callback(os.close, waker)
        restored.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(waker, warn_on_full_buffer=False))

        def broken() -> None:
            signals.put(signal.SIGKILL)
            os.write(waker, b"\0")

        running.broken = broken
        if asked.tty and asked.interactive:
            restored.enter_context(terminal.raw(STDIN))
        for number in signal.valid_signals():
            if getattr(number, "name", "") not in KEPT or (asked.tty and number == signal.SIGWINCH):
                before = signal.signal(number, lambda number, _: signals.put(number))
                restored.callback(signal.signal, number, before)
        if asked.tty:
            signals.put(signal.SIGWINCH)  # the size may have changed since it was read
        yield lambda: _wait(running, signals, wake, waker)


def _wait(running: Running, signals: Signals, wake: int, waker: int) -> Exit:
    outcome: list[Exit | ChubError] = []

    def watch() -> None:
        try:
            outcome.append(running.wait())
        except ChubError as failure:
            outcome.append(failure)
        os.write(waker, b"\0")

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    while True:
        while not signals.empty():
            _pass_on(running, signals.get())
        if outcome:
            break
        select.select([wake], [], [])
        os.read(wake, CHUNK)
    watching.join()
    ended = outcome[0]
    if isinstance(ended, ChubError):
        raise ended
    return ended


def _pass_on(running: Running, number: int) -> None:
    if number == signal.SIGWINCH:
        if size := terminal.size(STDOUT):
            running.resize(*size)
    else:
        running.kill(number)
