"""A task's standard streams: FIFOs between the shim and this process.

The shim opens both ends of every FIFO, so an end of file here means that the program and all it left behind have
closed the stream; and nothing is lost as long as somebody reads before the task is deleted.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from chub.api.tasks import Stdio
from chub.core.undo import remove_tree
from chub.core.workspace import private_directory, writing

CHUNK = 1 << 16  # bytes: what a pipe holds
PIPE = 1 << 20  # bytes a FIFO may hold: a fast program wakes us less often

Sink = Callable[[bytes], object]
"""Takes what a stream brought. An OSError means that it can take no more."""


class Fifos:
    """The FIFOs of one task in a directory of their own."""

    def __init__(self, directory: Path, *, stdin: bool, tty: bool) -> None:
        self.directory = directory
        self.tty = tty
        self._interactive = stdin
        self.paths = Stdio()  # what containerd is told
        self._fds: list[int] = []
        self._threads: list[threading.Thread] = []
        self.failure: OSError | None = None  # why a sink did not take what it was given
        self.input_failure: OSError | None = None  # why the source gave no more

    def make(self) -> None:
        """Create the FIFOs and open the ends that are read, so that the shim need not wait for a reader."""
        self.paths = make_fifos(self.directory, stdin=self._interactive, tty=self.tty)
        for path in filter(None, (self.paths.stdout, self.paths.stderr)):
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.set_blocking(fd, True)
            with suppress(PermissionError):  # over the user's limit: the default size does
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE)
            self._fds.append(fd)

    def read_into(self, *sinks: Sink, broken: Callable[[], object]) -> None:
        """Bring what the program writes to the sinks (stdout, stderr), each in a thread of its own.

        Call it when the task exists: before, a FIFO nobody writes to looks like one that has ended. A slow sink slows
        the program. `broken` is called once a sink can take no more; the rest is read and dropped.
        """
        for fd, sink in zip(self._fds, sinks, strict=True):
            thread = threading.Thread(target=self._read, args=(fd, sink, broken), daemon=True)
            thread.start()
            self._threads.append(thread)
        self._fds = []

    def _read(self, fd: int, sink: Sink, broken: Callable[[], object]) -> None:
        wanted = True
        with open(fd, "rb", buffering=0) as stream:
            while chunk := stream.read(CHUNK):
                if not wanted:
                    continue
                try:
                    sink(chunk)
                except OSError as failure:
                    wanted = False
                    self.failure = failure
                    broken()

    def write_from(self, source: Callable[[], bytes], ended: Callable[[], object]) -> None:
        """Bring what `source` gives (b"": the end) to the program's standard input, in a thread.

        `ended` is called when all is written and our end is closed: only then can the program be told of the end.
        """
        threading.Thread(target=self._write, args=(source, ended), daemon=True).start()

    def _write(self, source: Callable[[], bytes], ended: Callable[[], object]) -> None:
        try:
            fd = os.open(self.paths.stdin, os.O_WRONLY | os.O_CLOEXEC)  # waits for the shim to open its end
        except FileNotFoundError:  # it is all over
            return
        try:
            while chunk := self._given(source):
                write_all(fd, chunk)
        except BrokenPipeError:  # the program does not read any more
            pass
        finally:
            os.close(fd)
        ended()

    def _given(self, source: Callable[[], bytes]) -> bytes:
        """The next chunk; b"" also where no more can be read."""
        try:
            return source()
        except OSError as failure:
            if failure.errno != errno.EIO:  # a terminal hung up: an end like any other
                self.input_failure = failure
            return b""

    def drain(self) -> None:
        """Wait until every output has ended and its last bytes have reached the sink."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """Close what is open and remove the FIFOs."""
        for fd in self._fds:
            os.close(fd)
        self._fds = []
        with suppress(OSError):  # whoever waits for a reader has one for a moment, and then a broken pipe
            os.close(os.open(self.paths.stdin, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        remove_tree(self.directory)


def make_fifos(directory: Path, *, stdin: bool, tty: bool) -> Stdio:
    """FIFOs for a task in a directory of their own."""
    paths = {name: str(directory / name) for name in ("stdin", "stdout", "stderr")}
    wanted = [name for name, is_wanted in (("stdin", stdin), ("stdout", True), ("stderr", not tty)) if is_wanted]
    with writing(directory):
        private_directory(directory)
        for name in wanted:
            os.mkfifo(paths[name], 0o600)
    return Stdio(**{name: paths[name] if name in wanted else "" for name in paths}, terminal=tty)


def write_all(fd: int, chunk: bytes) -> None:
    """Write all of `chunk`, waiting where `fd` would rather not block."""
    left = memoryview(chunk)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            import select

            select.select([], [fd], [])
