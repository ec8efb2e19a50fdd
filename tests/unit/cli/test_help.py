"""Help as somebody reads it on a terminal of 80 columns."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from chub.cli.main import app
from reference import tree

PAGE = 45  # lines
LONG = {"chub run", "chub create"}  # docker's have some 130
NAMES = [page.name for page in tree.pages()]


def helped(name: str) -> str:
    """What ``NAME --help`` prints."""
    words = [*name.split()[1:], "--help"]
    return CliRunner().invoke(app, words, prog_name="chub", env={"COLUMNS": "80"}).stdout


@pytest.mark.parametrize("name", NAMES)
def test_it_fits(name: str) -> None:
    """No line is broken by the terminal, and all but the longest fit a page."""
    lines = helped(name).splitlines()

    assert [line for line in lines if len(line) > 80] == []
    assert name in LONG or len(lines) <= PAGE


def test_all_commands_are_in_it() -> None:
    """The help of chub names every command that stands by itself."""
    said = helped("chub").replace(",", " ").split()

    assert {name.split()[1] for name in NAMES if len(name.split()) == 2} <= set(said)


def test_aliases() -> None:
    """As docker, a command names its other names."""
    assert "Aliases:\n  chub container stop, chub stop\n" in helped("chub stop")
    assert "Aliases" not in helped("chub chain")


@pytest.mark.parametrize(
    "name", ["run", "exec", "ps", "logs", "stop", "rm", "images", "chain", "layers", "rootfs import"]
)
def test_main_commands_have_examples(name: str) -> None:
    """What is used most shows how, at the end."""
    assert "\nExamples:\n  chub " in helped(f"chub {name}")
