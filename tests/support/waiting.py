"""Waiting for a state that no event announces."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

INTERVAL = 0.01  # seconds
SLOWNESS = float(os.environ.get("CHUB_TEST_SLOWNESS", "1"))
"""How many times as long as elsewhere all takes on this machine, an emulated one: every deadline is as much later."""


def wait_until(condition: Callable[[], T], deadline: float, what: str) -> T:
    """Ask `condition` until it says something true, which is returned; after `deadline` seconds fail."""
    deadline *= SLOWNESS
    end = time.monotonic() + deadline
    while True:
        if said := condition():
            return said
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline:g} s for {what}; the last answer was {said!r}")
        time.sleep(INTERVAL)
