"""The user's terminal while a container has it: raw, and as it was afterwards."""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def raw(fd: int) -> Iterator[None]:
    """Put the terminal `fd` in raw mode: every key goes to the program. It is restored whatever happens."""
    before = termios.tcgetattr(fd)
    tty.setraw(fd, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def size(fd: int) -> tuple[int, int] | None:
    """The terminal's (columns, rows); None where `fd` is no terminal or has no size."""
    try:
        found = os.get_terminal_size(fd)
    except OSError:
        return None
    return (found.columns, found.lines) if found.columns and found.lines else None
