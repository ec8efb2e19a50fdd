"""Give a container this process's terminal, standard streams and signals."""

from __future__ import annotations

import os
import queue
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

News = queue.SimpleQueue[int | None]
"""Signals to act on, in order; None: the program has ended."""


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
    """Collect signals from before the program starts; what is given waits for its end and passes them on."""
    asked = running.created.request.terminal
    news: News = queue.SimpleQueue()
    running.broken = lambda: news.put(signal.SIGKILL)
    with ExitStack() as restored:
        if asked.tty and asked.interactive:
            restored.enter_context(terminal.raw(STDIN))
        for number in signal.valid_signals():
            if getattr(number, "name", "") not in KEPT:
                before = signal.signal(number, lambda number, _: news.put(number))
                restored.callback(signal.signal, number, before)
        if asked.tty:
            before = signal.signal(signal.SIGWINCH, lambda number, _: news.put(number))
            restored.callback(signal.signal, signal.SIGWINCH, before)
            news.put(signal.SIGWINCH)  # the size may have changed since it was read
        yield lambda: _wait(running, news)


def _wait(running: Running, news: News) -> Exit:
    outcome: list[Exit | ChubError] = []

    def watch() -> None:
        try:
            outcome.append(running.wait())
        except ChubError as failure:
            outcome.append(failure)
        news.put(None)

    threading.Thread(target=watch, daemon=True).start()
    while (number := news.get()) is not None:
        if number == signal.SIGWINCH:
            if size := terminal.size(STDOUT):
                running.resize(*size)
        else:
            running.kill(number)
    ended = outcome[0]
    if isinstance(ended, ChubError):
        raise ended
    return ended
