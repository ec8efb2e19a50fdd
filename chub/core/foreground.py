"""Give a process in a container this process's terminal, standard streams and signals."""

from __future__ import annotations

import os
import queue
import select
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial

from chub.core import terminal
from chub.core.process import Attendance, Process
from chub.core.stdio import CHUNK, Streams, write_all
from chub.errors import ChubError, NotATerminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.tasks import Exit

STDIN, STDOUT, STDERR = 0, 1, 2

KEPT = frozenset(
    "SIGCHLD SIGPIPE SIGURG SIGKILL SIGSTOP SIGWINCH"  # docker passes none of these on; SIGWINCH becomes a size
    " SIGTTIN SIGTTOU"  # job control of our own terminal
    " SIGSEGV SIGBUS SIGFPE SIGILL SIGABRT SIGTRAP SIGSYS".split()  # faults of this process
)
"""Signals that are not for the program."""
ENDING = frozenset({signal.SIGHUP, signal.SIGQUIT})
"""Signals that end us where they are not passed on, as docker's client: the terminal was closed, say."""
INSISTING = frozenset({signal.SIGINT, signal.SIGTERM})
"""Signals that end us, too, when so many of them have come as `ENOUGH` says."""
ENOUGH = 3


def streams_here(*, tty: bool, stdin: bool, stdout: bool = True, stderr: bool = True, leave: bytes = b"") -> Streams:
    """This process's standard streams, as wanted; raises NotATerminal where a terminal's input is no TTY."""
    if tty and stdin and not os.isatty(STDIN):
        raise NotATerminal("the input device is not a TTY", hint="leave -t out where input is a pipe or a file")
    if sys.stdout is not None:  # a program may have closed its own
        sys.stdout.flush()
    return Streams(
        source=(lambda: os.read(STDIN, CHUNK)) if stdin else None,
        stdout=(lambda chunk: write_all(STDOUT, chunk)) if stdout else None,
        stderr=(lambda chunk: write_all(STDERR, chunk)) if stderr else None,
        leave=leave,
    )


def attended(
    *, tty: bool, raw: bool, signals: bool = True, kill: bool = True, ending: Collection[int] = ENDING
) -> Callable[[Process], AbstractContextManager[Attendance]]:
    """How to attend a process from here.

    With `tty` its terminal gets the size of ours, which with `raw` passes every key on. `signals`: those that come are
    passed on; else those that are `ending`, and the third SIGINT or SIGTERM, leave the process alone and then do here
    what they would have done. `kill`: when nobody reads the output any more the process is killed; else left.
    """
    return partial(_attended, tty=tty, raw=raw, proxy=signals, fatal=kill, ending=ending)


@contextmanager
def _attended(
    process: Process, *, tty: bool, raw: bool, proxy: bool, fatal: bool, ending: Collection[int]
) -> Iterator[Attendance]:
    """Collect signals from before the program starts."""
    here = _Here(process, fatal, ending)
    with ExitStack() as restored:
        restored.callback(here.close)
        restored.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(here.waker, warn_on_full_buffer=False))
        if raw:
            restored.enter_context(terminal.raw(STDIN))
        for number in signal.valid_signals():
            if getattr(number, "name", "") not in KEPT or (tty and number == signal.SIGWINCH):
                passed = proxy or number == signal.SIGWINCH
                if passed or signal.getsignal(number) is not signal.SIG_IGN:
                    before = signal.signal(number, here.came if passed else here.unheeded)
                    restored.callback(signal.signal, number, before)
        if tty:
            here.came(signal.SIGWINCH)  # the size may have changed since it was read
        yield here
    if here.ended_by is not None:
        signal.raise_signal(here.ended_by)


class _Here(Attendance):
    """This process, waiting for a process's end, for signals that it passes on, and for being told to leave.

    The kernel may hand a signal to any thread, and Python's handler runs in this one only when it wakes up: so the
    wait is for a pipe, into which the interpreter writes at once (`signal.set_wakeup_fd`).
    """

    def __init__(self, process: Process, fatal: bool, ending: Collection[int]) -> None:
        super().__init__(process)
        self.ended_by: int | None = None  # a signal that was not passed on
        self._fatal = fatal
        self._ending = ending
        self._insisted = 0
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._left = False
        self._wake, self.waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._open = threading.Lock()  # of the pipe: a thread may want to wake us when we have gone

    def close(self) -> None:
        """Wait no more."""
        with self._open:
            os.close(self._wake)
            os.close(self.waker)
            self._wake = self.waker = -1

    def came(self, number: int, _: object = None) -> None:
        """A signal came: for `wait` to pass on."""
        self._signals.put(number)

    def unheeded(self, number: int, _: object) -> None:
        """A signal came that is not passed on; `wait` wakes up by itself."""
        self._insisted += number in INSISTING
        if number in self._ending or self._insisted >= ENOUGH:
            self.ended_by = number
            self._left = True

    def broken(self) -> None:
        """Nobody reads the output any more."""
        if self._fatal:
            self._signals.put(signal.SIGKILL)
            self._rouse()
        else:
            self.leave()

    def leave(self) -> None:
        """Go, and let the process be."""
        self._left = True
        self._rouse()

    def _rouse(self) -> None:
        with self._open, suppress(BlockingIOError):  # full: it is about to wake up
            if self.waker >= 0:
                os.write(self.waker, b"\0")

    def wait(self) -> Exit | None:
        """Wait for the end, passing on the signals that come; None if the process was left before."""
        outcome: list[Exit | ChubError] = []

        def watch() -> None:
            try:
                outcome.append(self.process.wait())
            except ChubError as failure:
                outcome.append(failure)
            self._rouse()

        threading.Thread(target=watch, daemon=True).start()
        while True:
            while not self._signals.empty():
                self._pass_on(self._signals.get())
            if outcome or self._left:
                break
            select.select([self._wake], [], [])
            os.read(self._wake, CHUNK)
        if not outcome:
            return None
        ended = outcome[0]
        if isinstance(ended, ChubError):
            raise ended
        return ended

    def _pass_on(self, number: int) -> None:
        if number == signal.SIGWINCH:
            if size := terminal.size(STDOUT):
                self.process.resize(*size)
        else:
            self.process.kill(number)
