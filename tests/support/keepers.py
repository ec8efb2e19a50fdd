"""The keepers of a test, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PATIENCE = 20.0  # seconds


def keepers(roots: tuple[Path, Path]) -> list[int]:
    """The keepers of a test, by pid."""
    found = subprocess.run(
        ["pgrep", "-f", f"keeper/__main__.py {roots[1]}"], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split()]


def kill(roots: tuple[Path, Path], pids: Sequence[int]) -> None:
    """Kill processes of a keeper at once: one that is stopped does not take over while the other one is killed."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)
    wait_until(lambda: not set(pids) & set(keepers(roots)), PATIENCE, "their end")
