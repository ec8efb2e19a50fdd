"""What is written down of an end, by more than one at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from chub.core import endings
from chub.core.endings import Ending


def test_several_write_at_once(tmp_path: Path) -> None:
    """Who removes a container and who attends it may meet: one of them is last, and none fails."""
    written = [Ending(started=datetime.now(UTC), finished=datetime.now(UTC), exit_code=code) for code in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(50):
            list(pool.map(lambda ending: endings.write(tmp_path, ending), written))

    assert endings.read(tmp_path) in written
    assert [each.name for each in tmp_path.iterdir()] == [endings.NAME]


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    """It is not made again: its container has been removed."""
    endings.write(tmp_path / "gone", Ending())

    assert not (tmp_path / "gone").exists()
