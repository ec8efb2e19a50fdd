"""A process that runs in a container: its first one, or one that was executed in it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from chub.core.patience import patiently
from chub.errors import ChubError, Conflict, EngineFault, NotFound, Unavailable
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.api.tasks import Exit


@record
class Process:
    """A process by its container's id and, if it was executed there, its own."""

    services: Services
    id: str
    exec_id: str = ""

    def start(self) -> None:
        """Start the program, through a restart of containerd if need be: the call may be lost, or only its answer."""
        tasks = self.services.tasks
        again = False

        def begin() -> None:
            nonlocal again
            if again:
                try:
                    if tasks.get(self.id, self.exec_id).status != "created":
                        return
                except NotFound:  # it has started and ended: the wait will say so
                    return
            again = True
            tasks.start(self.id, self.exec_id)

        patiently(self.services.channel, begin)

    def kill(self, number: int) -> None:
        """Send a signal; a program that has ended meanwhile is no error."""
        with suppress(NotFound, Conflict):
            self.services.tasks.kill(self.id, number, exec_id=self.exec_id)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the program's terminal its size."""
        with suppress(NotFound, Conflict, Unavailable):
            self.services.tasks.resize(self.id, columns, rows, self.exec_id)

    def end_input(self) -> None:
        """Tell the program that no more input comes. Not for a terminal: there ^D is a key, and this hangs up."""
        with suppress(ChubError):  # it has ended meanwhile; or the engine is gone, which the wait will say
            patiently(self.services.channel, lambda: self.services.tasks.close_stdin(self.id, self.exec_id))

    def wait(self) -> Exit:
        """Wait for the end, through a restart of containerd if need be.

        Raises NotFound if the task is gone and its exit status with it.
        """
        tasks = self.services.tasks

        def ended() -> Exit:
            try:
                return tasks.wait(self.id, self.exec_id, timeout=None)
            except EngineFault:
                tasks.get(self.id, self.exec_id)  # NotFound: the shim has died, and containerd has cleaned up
                raise

        return patiently(self.services.channel, ended)


class Attendance:
    """Who waits at a process: nobody here who sends signals. `chub.core.foreground` has one with a terminal."""

    def __init__(self, process: Process) -> None:
        self.process = process

    def wait(self) -> Exit | None:
        """Wait for the end; None if the process was left before. Raises as `Process.wait`."""
        return self.process.wait()

    def broken(self) -> None:
        """Called when an output can take no more: there is no one left to tell."""
        self.process.kill(signal.SIGKILL)

    def leave(self) -> None:
        """Called when the keys came that leave a process."""


Attend = Callable[[Process], AbstractContextManager[Attendance]]
"""How a process is attended: entered before its program starts."""


def alone(process: Process) -> AbstractContextManager[Attendance]:
    """Attend a process without a terminal and without passing signals on."""
    return nullcontext(Attendance(process))
