"""Turns at a container: one at a time starts or finishes it, and who is second sees what the first one has done.

Its task is deleted by one at a time, too: a shim of containerd that is asked twice at once may hang or crash while it
shuts down (https://github.com/containerd/containerd/pull/13052).
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

LOOK = 0.005  # seconds


class Turn:
    """A lock on a directory or file of a container's (flock(2)); it ends with the process that has it.

    Of a container that was removed there is none, and nobody to wait for: an id is never given out again.
    """

    def __init__(self, place: Path, patience: float | None = None) -> None:
        self._place = place
        self._patience = patience
        self._descriptor = -1

    def take(self) -> None:
        """Wait for it; with `patience` only that many seconds, then go on without: who has it may stand still."""
        with suppress(FileNotFoundError):
            self._descriptor = os.open(self._place, os.O_RDONLY | os.O_CLOEXEC)
            if self._patience is None:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            else:
                self._try(time.monotonic() + self._patience)

    def _try(self, end: float) -> None:
        while time.monotonic() < end:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(LOOK)  # flock(2) has no deadline
            else:
                return

    def close(self) -> None:
        """Let the next one have it, if it was taken."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Turn:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
