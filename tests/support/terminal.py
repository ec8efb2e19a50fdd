"""A terminal that a test holds the other end of."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType

import pytest

from tests.support.command import Command
from tests.support.waiting import SLOWNESS


class Terminal:
    """A pseudo-terminal with a command in it, which leads a session of its own as under a shell."""

    def __init__(self, command: Command, *words: str | Path, columns: int = 80, rows: int = 24) -> None:
        self.master, self.slave = pty.openpty()
        self.shown = b""
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        # setsid, not a preexec_fn: that runs in a fork of this process, where gRPC's threads are not
        leading = Command(words=["setsid", "--ctty", *command.words], env=command.env)
        self.process = leading.start(*words, stdin=self.slave, stdout=self.slave, stderr=self.slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size; the foreground process hears of it, as from a terminal emulator."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text: str, deadline: float = 20.0) -> str:
        """Read the screen until `text` has been shown, and give what was shown before it and it; else fail."""
        deadline *= SLOWNESS
        end = time.monotonic() + deadline
        while text.encode() not in self.shown:
            left = end - time.monotonic()
            ready = select.select([self.master], [], [], max(left, 0))[0]
            if not ready:
                pytest.fail(f"waited {deadline:g} s for {text!r} on the terminal; it shows {self.shown!r}")
            self.shown += os.read(self.master, 1 << 16)
        place = self.shown.index(text.encode()) + len(text.encode())
        seen, self.shown = self.shown[:place], self.shown[place:]
        return seen.decode(errors="replace")

    def wait(self, deadline: float = 30.0) -> int:
        """The exit status of the command, which reads no further than the terminal holds."""
        try:
            return self.process.wait(deadline * SLOWNESS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the command did not end within {deadline:g} s; the terminal shows {self.shown!r}")

    @property
    def modes(self) -> list[object]:
        """The terminal's attributes now."""
        return termios.tcgetattr(self.slave)
