"""Programs that were executed in containers, once their clients have gone: docker lets them run and drops their output.

Each is told of before it is set up. When its client goes, its FIFOs are read to nowhere, its input ends (a terminal's
does not), and when it has ended, or was never started, its shim deletes it. A client that has done all that itself has
removed the FIFOs' directory.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from chub.keeper.kept import SHIM_PATIENCE, start_ticks, write_note
from chub.output import ttrpc
from chub.output.format import Stream
from chub.output.write import Nowhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NOTE = "exec-"  # what a note's name begins with
CLAIM = 1.0  # seconds until a client that another keeper heard of is looked for again
LIMBO = 2.0  # seconds in which a call that a killed client had made reaches its end in the shim
REAPING = 0.1  # seconds until a shim that has not noticed an end is asked again
LINGERING = 1.0  # seconds after a program's end in which its output may go on, where others hold it open
DELETION = 0.2  # seconds for a deletion; it is done also where its answer is late
RETRY = 5.0  # seconds until a shim that does not answer is asked again


class Executed:
    """A program by what its client told: ``id``, ``container``, ``fifos`` (a directory), ``tty``, ``stdin``.

    Beside it stand ``client`` (pid and start of that process) and ``shim`` (address and version), if it was found.
    """

    def __init__(self, facts: "dict[str, Any]", place: str) -> None:
        self.facts = facts
        self.id: str = facts["id"]
        self.directory: str = facts["fifos"]
        self.memory = os.path.join(place, f"{NOTE}{self.id}.json")
        self.fifos: list[int] = []
        self.pidfd = -1
        self.over = False  # it has ended
        self.awaited = False  # whatever its client asked of containerd has been done by now

    @property
    def gone(self) -> bool:
        """Whether its client has done all that there was to do."""
        return not os.path.isdir(self.directory)

    @property
    def attended(self) -> bool:
        """Whether the process that was its client is alive."""
        pid, ticks = self.facts["client"]
        return bool(pid) and start_ticks(pid) == ticks

    @property
    def shim(self) -> ttrpc.Shim:
        """Its shim; raises `ttrpc.Unknown` where none was found."""
        if shim := self.facts.get("shim"):
            return ttrpc.Shim(*shim)
        raise ttrpc.Unknown(f"no shim of container {self.facts['container']}")

    def remember(self) -> None:
        """Write the facts down for the next keeper."""
        write_note(self.memory, self.facts)

    def open(self) -> None:
        """Open the FIFOs that are there for reading: the shim may be waiting for that."""
        for name in ("stdout", "stderr"):
            with suppress(OSError):
                path = os.path.join(self.directory, name)
                self.fifos.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))

    def end_input(self) -> None:
        """End its input, which was its client's."""
        if self.facts["stdin"] and not self.facts["tty"]:
            with suppress(ttrpc.NoAnswer):  # it has ended meanwhile
                self.shim.close_stdin(self.facts["container"], SHIM_PATIENCE, self.id)

    def forget(self) -> None:
        """Remove the FIFOs, and the note."""
        with suppress(OSError):
            for name in os.listdir(self.directory):
                os.unlink(os.path.join(self.directory, name))
            os.rmdir(self.directory)
        with suppress(OSError):
            os.unlink(self.memory)


class Executions:
    """All that a keeper was told of."""

    def __init__(
        self,
        place: str,
        watch: Callable[[int, Callable[[], None]], None],
        unwatch: Callable[[int], None],
        after: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """The last three are the loop's: call when there is something to read, no more, and after some seconds."""
        self._place = place
        self._watch = watch
        self._unwatch = unwatch
        self._after = after
        self._known: dict[str, Executed] = {}
        self._nowhere = Nowhere()

    def __len__(self) -> int:
        return len(self._known)

    def attended(self, facts: "dict[str, Any]", shim: "tuple[str, int] | None", client: int) -> None:
        """A client is about to execute a program: `shim` is its container's, if that is known, `client` a pid."""
        if shim is None:
            with suppress(ttrpc.NoAnswer):
                found = ttrpc.shim_of(facts["pid"])
                shim = (found.address, found.version)
        each = Executed({**facts, "shim": shim, "client": (client, start_ticks(client))}, self._place)
        self._known[each.id] = each
        with suppress(OSError):  # a full disk: it is known as long as this process lives
            each.remember()

    def recover(self, facts: "dict[str, Any]") -> None:
        """Another keeper was told of it."""
        each = self._known[facts["id"]] = Executed(facts, self._place)
        self._claimed(each)

    def _claimed(self, each: Executed) -> None:
        """Leave it to its client, if there still is one."""
        if each.attended and not each.gone:
            self._after(CLAIM, partial(self._claimed, each))
        else:
            self.left(each.id)

    def left(self, id: str) -> None:
        """Its client has gone, or leaves it alone."""
        each = self._known.get(id)
        if each is None:
            return
        if each.gone:
            self._forget(each)
            return
        each.open()
        for fifo in each.fifos:
            self._watch(fifo, partial(self._drain, each, fifo))
        self._look(each)

    def _drain(self, each: Executed, fifo: int) -> None:
        with suppress(BlockingIOError):
            if not self._nowhere.take(Stream.STDOUT, fifo):
                self._close(each, fifo)
                if each.over and not each.fifos:
                    self._delete(each)

    def _close(self, each: Executed, fifo: int) -> None:
        self._unwatch(fifo)
        os.close(fifo)
        each.fifos.remove(fifo)

    def _look(self, each: Executed) -> None:
        """See what it is doing: it may be about to be set up, or to be started."""
        if self._known.get(each.id) is not each:
            return
        try:
            status, pid = each.shim.state(each.facts["container"], SHIM_PATIENCE, each.id)
        except ttrpc.Unknown:
            status, pid = ttrpc.Status.UNKNOWN, 0
        except ttrpc.NoAnswer:
            self._after(RETRY, partial(self._look, each))
            return
        if status == ttrpc.Status.STOPPED:
            self._ended(each)
        elif status == ttrpc.Status.RUNNING:
            each.awaited = True
            each.end_input()
            self._await(each, pid)
        elif not each.awaited:
            each.awaited = True
            self._after(LIMBO, partial(self._look, each))
        elif status == ttrpc.Status.CREATED:
            self._delete(each)
        else:
            self._forget(each)

    def _await(self, each: Executed, pid: int) -> None:
        try:
            each.pidfd = os.pidfd_open(pid)
        except OSError:  # it has just ended
            self._after(REAPING, partial(self._look, each))
        else:
            self._watch(each.pidfd, lambda: self._exited(each))

    def _exited(self, each: Executed) -> None:
        self._unwatch(each.pidfd)
        os.close(each.pidfd)
        self._look(each)

    def _ended(self, each: Executed) -> None:
        each.over = True
        if each.fifos:
            self._after(LINGERING, partial(self._delete, each))
        else:
            self._delete(each)

    def _delete(self, each: Executed) -> None:
        if self._known.get(each.id) is not each:
            return
        try:
            each.shim.delete(each.facts["container"], DELETION, each.id)
        except ttrpc.Unknown:
            pass  # somebody else has, or the container has ended
        except ttrpc.NoAnswer:
            self._after(RETRY, partial(self._look, each))
            return
        self._forget(each)

    def _forget(self, each: Executed) -> None:
        del self._known[each.id]
        for fifo in list(each.fifos):
            self._close(each, fifo)
        each.forget()
