"""A process's standard streams: FIFOs between the shim and whoever reads and writes.

The shim opens both ends of every FIFO, so an end of file here means that the program and all it left behind have
closed the stream; and nothing is lost as long as somebody reads before the task is deleted.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from chub.api.tasks import Stdio
from chub.core.undo import remove_tree
from chub.core.workspace import private_directory, writing
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import FileIO

CHUNK = 1 << 16  # bytes: what a pipe holds
PIPE = 1 << 20  # bytes a FIFO may hold: a fast program wakes us less often

Sink = Callable[[bytes], object]
"""Takes what a stream brought. An OSError means that it can take no more."""


@record
class Streams:
    """Where a program's input comes from and its output goes to."""

    source: Callable[[], bytes] | None = None  # gives chunks, b"" at the end; None: nothing
    stdout: Sink | None = None  # None: it is not wanted here
    stderr: Sink | None = None
    leave: bytes = b""  # the keys of `source` that leave the process; none: there are no such keys


def make_fifos(directory: Path, *, stdin: bool, tty: bool) -> Stdio:
    """FIFOs for a process in a directory of their own."""
    paths = {name: str(directory / name) for name in ("stdin", "stdout", "stderr")}
    wanted = [name for name, is_wanted in (("stdin", stdin), ("stdout", True), ("stderr", not tty)) if is_wanted]
    with writing(directory):
        private_directory(directory)
        for name in wanted:
            os.mkfifo(paths[name], 0o600)
    return Stdio(**{name: paths[name] if name in wanted else "" for name in paths}, terminal=tty)


def remove_fifos(directory: Path) -> None:
    """Remove a process's FIFOs. Who waits for a reader of its stdin has one for a moment, then a broken pipe."""
    with suppress(OSError):
        os.close(os.open(directory / "stdin", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    remove_tree(directory)


class Outputs:
    """The ends of a process's FIFOs that are read: open from before the shim looks for a reader."""

    def __init__(self, stdio: Stdio) -> None:
        self._fds: list[int] = []
        self._threads: dict[threading.Thread, float | None] = {}  # and since when each has waited for output
        self.failure: OSError | None = None  # why a sink did not take what it was given
        try:
            for path in filter(None, (stdio.stdout, stdio.stderr)):
                self._fds.append(_opened(path))
        except OSError:
            self.close()
            raise

    def read_into(self, streams: Streams, broken: Callable[[], object]) -> None:
        """Bring what the program writes to the sinks, each in a thread of its own.

        Call it when the process exists: before, a FIFO nobody writes to looks like one that has ended. A slow sink
        slows the program. `broken` is called once a sink can take no more; the rest is read and dropped.
        """
        for fd, sink in zip(self._fds, (streams.stdout, streams.stderr), strict=False):
            thread = threading.Thread(target=self._read, args=(fd, sink, broken), daemon=True)
            self._threads[thread] = None
            thread.start()
        self._fds = []

    def _read(self, fd: int, sink: Sink | None, broken: Callable[[], object]) -> None:
        here = threading.current_thread()
        with open(fd, "rb", buffering=0) as stream:
            while chunk := self._next(stream, here):
                try:
                    if sink is not None:
                        sink(chunk)
                except OSError as failure:
                    sink, self.failure = None, failure
                    broken()

    def _next(self, stream: FileIO, here: threading.Thread) -> bytes | None:
        self._threads[here] = time.monotonic()
        chunk = stream.read(CHUNK)
        self._threads[here] = None
        return chunk

    def drain(self, patience: float | None = None) -> bool:
        """Wait until every output has ended and its last bytes have reached the sink, and say whether it has.

        With `patience` one that has brought nothing for so many seconds is not waited for; a slow sink is.
        """
        for thread in self._threads:
            while thread.is_alive():
                since = self._threads[thread]
                waited = 0.0 if since is None else time.monotonic() - since
                if patience is not None and waited >= patience:
                    return False
                thread.join(None if patience is None else patience - waited)
        return True

    def close(self) -> None:
        """Close what is not read."""
        for fd in self._fds:
            os.close(fd)
        self._fds = []


def _opened(path: str) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(fd, True)
    with suppress(PermissionError):  # over the user's limit: the default size does
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE)
    return fd


class Input:
    """Brings what a source gives to a program's standard input, in a thread."""

    def __init__(
        self, path: str, streams: Streams, *, ended: Callable[[], object], leave: Callable[[], object]
    ) -> None:
        """`path` is the FIFO's.

        `ended` is called when all is written and our end is closed: only then can the program be told of the end.
        `leave` is called, and nothing more is read, when the keys came that leave the process.
        """
        self.failure: OSError | None = None  # why the source gave no more
        self._path = path
        self._streams = streams
        self._ended = ended
        self._leave = leave
        if streams.source is not None:
            threading.Thread(target=self._write, args=(streams.source,), daemon=True).start()

    def _write(self, source: Callable[[], bytes]) -> None:
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)  # waits for the shim to open its end
        except FileNotFoundError:  # it is all over
            return
        keys = Keys(self._streams.leave)
        try:
            while not keys.complete and (chunk := self._given(source)):
                write_all(fd, keys.passed(chunk))
            if not keys.complete:
                write_all(fd, keys.held)
        except BrokenPipeError:  # the program does not read any more
            pass
        finally:
            os.close(fd)
        self._leave() if keys.complete else self._ended()

    def _given(self, source: Callable[[], bytes]) -> bytes:
        """The next chunk; b"" also where no more can be read."""
        try:
            return source()
        except OSError as failure:
            if failure.errno != errno.EIO:  # a terminal hung up: an end like any other
                self.failure = failure
            return b""


class Keys:
    """A sequence of keys that is looked for in what is typed, over the borders of chunks."""

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self.held = b""  # its beginning, typed last
        self.complete = False

    def passed(self, chunk: bytes) -> bytes:
        """What of a chunk is for the program: all but the sequence, and a beginning of it at the end."""
        if not self._wanted:
            return chunk
        typed = self.held + chunk
        before, found, _ = typed.partition(self._wanted)
        self.complete = bool(found)
        longest = min(len(before), len(self._wanted) - 1)
        held = (
            0 if found else next((size for size in range(longest, 0, -1) if self._wanted[:size] == before[-size:]), 0)
        )
        self.held = before[len(before) - held :]
        return before[: len(before) - held]


def write_all(fd: int, chunk: bytes) -> None:
    """Write all of `chunk`, waiting where `fd` would rather not block."""
    left = memoryview(chunk)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            import select

            select.select([], [fd], [])
