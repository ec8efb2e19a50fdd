"""One container whose output is held."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress

from chub.output import protocol, ttrpc
from chub.output.format import Stream
from chub.output.write import Log, Nowhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

FIFOS = {Stream.STDOUT: "stdout", Stream.STDERR: "stderr"}
PIPE = 1 << 20  # bytes a FIFO may hold: a fast program wakes us less often
SHIM_PATIENCE = 1.0  # seconds a shim has to answer
BURST = 16  # chunks that one FIFO gives before others have their turn


class Kept:
    """The FIFOs and the log of a container, and what is known of its program.

    `facts` is what the client told: ``id``, ``fifos`` and ``data`` (directories), ``tty``, ``finish`` (a command line),
    ``kept`` (whether output is), ``limit`` (of what is kept, see `Log`), ``attended`` (a client looks after its end),
    ``reads`` (that one takes the output), ``stdin_once`` (its input ends with that client), and, once it is made,
    ``pid`` and ``ticks`` (the start of that process: pids come again); then what was learned: ``shim`` (its address and
    version) and ``exit`` (code and time).
    """

    def __init__(self, facts: "dict[str, Any]", place: str, held: "dict[Stream, int] | None" = None) -> None:
        self.facts = facts
        self.id: str = facts["id"]
        self.memory = protocol.note_path(place, self.id)
        self.late = protocol.late_path(place, self.id)
        self.followers: dict[socket.socket, int | None] = {}  # with the record that each reads next
        self.pidfd = -1  # of the container's first process
        self.finisher = -1  # pid of the process that finishes it
        self.finisher_fd = -1
        self.finished = False
        self.failures = 0  # of finishers
        self.over = False  # its program has ended
        self.fifos: dict[int, Stream] = {}
        if held:
            self._add(held)
        elif not facts["reads"]:
            self.open()
        self.log: Log | Nowhere = Log(facts["data"], facts.get("limit")) if facts["kept"] else Nowhere()

    def open(self) -> None:
        """Open the FIFOs that its client made for reading: so the shim need not wait for a reader."""
        streams = (Stream.STDOUT,) if self.facts["tty"] else tuple(Stream)
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        self._add({stream: os.open(os.path.join(self.facts["fifos"], FIFOS[stream]), flags) for stream in streams})

    def _add(self, opened: dict[Stream, int]) -> None:
        for stream, fifo in opened.items():
            with suppress(PermissionError):  # over the user's limit: the default size does
                fcntl.fcntl(fifo, fcntl.F_SETPIPE_SZ, PIPE)
            self.fifos[fifo] = stream

    def end_input(self) -> None:
        """End the program's input, if it ends with its client's."""
        if self.facts["stdin_once"] and not self.facts["tty"] and not self.over and (shim := self.facts.get("shim")):
            with suppress(ttrpc.NoAnswer):  # it has ended meanwhile
                ttrpc.Shim(*shim).close_stdin(self.id, SHIM_PATIENCE)

    def remember(self) -> None:
        """Write the facts down for the next keeper."""
        write_note(self.memory, self.facts)

    def call_for_help(self) -> None:
        """Let every client know that what is started here does not finish it."""
        with suppress(OSError), open(self.late, "w"):
            pass

    def watch(self) -> bool:
        """Open the program's process; False if it has ended."""
        pid = self.facts.get("pid", 0)
        try:
            self.pidfd = os.pidfd_open(pid)
        except OSError:
            return False
        if self.facts["ticks"] != start_ticks(pid):  # somebody else's by now
            os.close(self.pidfd)
            self.pidfd = -1
            return False
        return True

    def take(self, fifo: int) -> bool:
        """Move what a FIFO holds; False at its end. OSError where it cannot be written, as on a full disk."""
        with suppress(BlockingIOError):
            for _ in range(BURST):
                if not self.log.take(self.fifos[fifo], fifo):
                    return False
        self.trim()
        return True

    def trim(self) -> None:
        """Let go of what is beyond the limit and has been read by all who follow."""
        if "limit" in self.facts:
            self.log.trim(min((record for record in self.followers.values() if record is not None), default=None))

    def drain(self) -> None:
        """Take what is left when nobody will write any more."""
        for fifo in list(self.fifos):
            with suppress(BlockingIOError):
                while self.log.take(self.fifos[fifo], fifo):
                    pass
            self.end(fifo)

    def end(self, fifo: int) -> None:
        """Let go of a FIFO."""
        del self.fifos[fifo]
        os.close(fifo)

    def forget(self) -> None:
        """Close all; the next keeper need not know of it."""
        for fifo in list(self.fifos):
            self.end(fifo)
        self.log.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
        for follower in self.followers:
            follower.close()
        for path in (self.memory, self.late):
            with suppress(FileNotFoundError):
                os.unlink(path)

    def descriptors(self) -> Iterator[int]:
        """What to wait for."""
        yield from self.fifos
        if self.pidfd >= 0:
            yield self.pidfd


def write_note(path: str, facts: "dict[str, Any]") -> None:
    """Write facts down, whole or not at all, for nobody else to read."""
    part = path + ".part"
    with open(part, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        json.dump(facts, file)
    os.replace(part, path)


def start_ticks(pid: int) -> int:
    """When a process started, in ticks since boot (proc(5)); 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except OSError:
        return 0
