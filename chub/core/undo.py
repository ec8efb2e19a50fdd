"""What undoes a step, registered before the step is taken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from chub.errors import ChubError, NotFound


class Undo:
    """Steps that are undone, last first, if the block ends in an exception; else they stand.

    What fails while it is undone does not hide why: it becomes a note of the first exception.
    """

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []

    def add(self, step: Callable[..., object], *args: Any, **named: Any) -> None:
        """Remember how to undo what comes next. That there is nothing to undo (NotFound) is fine."""
        self._steps.append(lambda: gone(step, *args, **named))

    def __enter__(self) -> Undo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        for step in reversed(self._steps):
            try:
                step()
            except (ChubError, OSError) as failure:
                error.add_note(f"undoing a step failed too: {failure}")


def gone(remove: Callable[..., object], *args: Any, **named: Any) -> None:
    """Call a removal; that there is nothing to remove is success: a collection may have been first."""
    with suppress(NotFound):
        remove(*args, **named)


def remove_tree(path: Path) -> None:
    """Remove a directory of chub's own with all in it, if it is there."""
    with suppress(FileNotFoundError, NotADirectoryError):
        shutil.rmtree(path)
