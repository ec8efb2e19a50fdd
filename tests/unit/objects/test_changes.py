"""Trees of layers, compared. What takes root (whiteouts) is in the integration tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chub.objects.changes import changes


def layer(path: Path, **files: str) -> str:
    """A directory with files; "__" in a name is a slash."""
    for name, text in files.items():
        file = path / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (0, 0))
    path.mkdir(exist_ok=True)
    return str(path)


def told(before: list[str], after: list[str]) -> list[str]:
    """As docker's diff prints it."""
    return [f"{each.kind} {each.path}" for each in changes(before, after)]


def test_a_layer_on_others(tmp_path: Path) -> None:
    """What is new was added; what lies over something else has changed, and so have the directories above it."""
    base = layer(tmp_path / "base", etc__passwd="root", etc__group="root", bin__sh="sh")
    top = layer(tmp_path / "top", etc__passwd="root\nuser", opt__tool__x="1")

    assert told([base], [top, base]) == ["C /etc", "C /etc/passwd", "A /opt", "A /opt/tool", "A /opt/tool/x"]


def test_the_other_way_round_they_are_deleted(tmp_path: Path) -> None:
    """A directory that went is told alone, without what was in it."""
    base = layer(tmp_path / "base", etc__passwd="root")
    top = layer(tmp_path / "top", opt__tool__x="1")

    assert told([top, base], [base]) == ["D /opt"]
    assert told([base], [base]) == []
    assert told([], [base]) == ["A /etc", "A /etc/passwd"]


def test_copies_are_no_changes(tmp_path: Path) -> None:
    """Snapshotters that copy whole trees differ in what was written, not in where it is."""
    one = layer(tmp_path / "one", a="same", b="1", c="x")
    two = layer(tmp_path / "two", a="same", b="22", c="x")
    (tmp_path / "two/c").chmod(0o600)
    os.symlink("a", tmp_path / "one/link")
    os.symlink("b", tmp_path / "two/link")

    assert told([one], [two]) == ["C /b", "C /c", "C /link"]


@pytest.mark.parametrize(("first", "then"), [("file", "directory"), ("directory", "file")])
def test_another_kind(tmp_path: Path, first: str, then: str) -> None:
    """A file in a directory's place, or the other way round, has changed; a directory is told with what is in it."""
    made = {"file": {"x": "1"}, "directory": {"x__y": "1"}}
    one, two = layer(tmp_path / "one", **made[first]), layer(tmp_path / "two", **made[then])

    assert told([one], [two, one]) == ["C /x"] + (["A /x/y"] if then == "directory" else [])
