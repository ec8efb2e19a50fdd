"""The bar of an import, on a terminal and without one."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from chub.cli.render.progress import importing
from chub.core.metering import Progress

if TYPE_CHECKING:
    import pytest


class Screen(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, *steps: Progress) -> str:
    """All that a terminal of 80 columns is sent."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with importing() as tell:
        assert tell is not None
        for step in steps:
            tell(step)
    return screen.getvalue()


def test_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of how much; then that it is unpacked, which nobody can measure."""
    assert "5MB of 20MB" in shown(monkeypatch, Progress(bytes=5_000_000, entries=1, total_bytes=20_000_000))
    done = Progress(bytes=20_000_000, entries=2, total_bytes=20_000_000, unpacking=True)
    assert "unpacking" in shown(monkeypatch, done)


def test_an_archive_of_unknown_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much there will be is not said where nobody knows."""
    said = shown(monkeypatch, Progress(bytes=5_000_000, entries=1))

    assert "5MB" in said
    assert "of" not in said
    assert "?" not in said.replace("\x1b[?25l", "").replace("\x1b[?25h", "")


def test_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets nothing."""
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with importing() as tell:
        assert tell is None
