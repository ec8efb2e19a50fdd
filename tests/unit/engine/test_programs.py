"""Finding the host's containerd, shim and runc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chub.engine import programs
from chub.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path


def installed(directory: Path, *names: str) -> None:
    """Programs in `directory`."""
    directory.mkdir(exist_ok=True)
    for name in names:
        (directory / name).write_text("#!/bin/sh\n")
        (directory / name).chmod(0o755)


def test_programs_are_found_where_they_are(tmp_path: Path) -> None:
    """Each program has the path of the first directory that has it."""
    installed(tmp_path / "a", "containerd", "containerd-shim-runc-v2")
    installed(tmp_path / "b", "containerd", "runc")

    found = programs.find(f"{tmp_path}/a:{tmp_path}/b")

    assert found.containerd == f"{tmp_path}/a/containerd"
    assert found.runc == f"{tmp_path}/b/runc"
    assert found.path.startswith(f"{tmp_path}/a:{tmp_path}/b:/usr/")


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((), "no containerd and no containerd-shim-runc-v2 and no runc"),
        (("containerd", "containerd-shim-runc-v2"), "this host has no runc"),
        (("containerd", "runc"), "this host has no containerd-shim-runc-v2"),
    ],
)
def test_everything_that_is_missing_is_named(tmp_path: Path, there: tuple[str, ...], said: str) -> None:
    """The error names all that is missing, and how to install it."""
    installed(tmp_path, *there)

    with pytest.raises(NotFound, match=said) as caught:
        programs.find(str(tmp_path))

    assert "apt-get install containerd runc" in caught.value.hint


def test_what_cannot_be_executed_is_missing(tmp_path: Path) -> None:
    """A file without the x bit is no program."""
    installed(tmp_path, *programs.NAMES.values())
    (tmp_path / "runc").chmod(0o644)

    with pytest.raises(NotFound, match="no runc"):
        programs.find(str(tmp_path))


def test_a_short_path_does_not_hide_sbin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A plain user's PATH leads past /usr/sbin, where runc is."""
    installed(tmp_path / "sbin", *programs.NAMES.values())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_BESIDE_PATH", (str(tmp_path / "sbin"),))

    assert programs.find().runc == f"{tmp_path}/sbin/runc"
