"""What the shells are offered, where no engine is asked."""

import shutil
import subprocess

import pytest
from typer.testing import CliRunner

from chub.cli.main import app

SHELLS = ("bash", "fish", "zsh")


def offered(*words: str) -> dict[str, str]:
    """What the last of `words` may become, with the descriptions."""
    result = CliRunner().invoke(
        app, ["__complete", "--", *words], prog_name="chub", env={"CONTAINERD_ADDRESS": "/nonexistent"}
    )
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return dict(line.partition("\t")[::2] for line in result.stdout.splitlines())


def test_commands() -> None:
    """Commands with their help, of chub and of a group; none that is hidden."""
    assert offered("rest") == {"restart": "Restart one or more containers"}
    assert set(offered("pau", "")) == set()
    assert set(offered("completion", "")) == set(SHELLS)
    assert "__complete" not in offered("")
    assert {"ls", "rm"} <= set(offered("--namespace", "x", "image", ""))


def test_flags() -> None:
    """Flags of the command that is typed, also those of chub itself; none twice that may be given once."""
    assert offered("run", "--net") == {"--net": "Its network.", "--network": "Its network."}
    assert "--namespace" in offered("-")
    assert "--name" not in offered("run", "--name", "web", "--na")
    assert "--env" in offered("run", "--env", "A=1", "--en")
    assert "-it" not in offered("run", "-")
    assert "--help" in offered("ps", "--h")


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("run", "--network", ""), {"none", "host"}),
        (("run", "--network=h"), {"--network=host"}),
        (("run", "--cap-add", "SYS_T"), {"SYS_TIME", "SYS_TTY_CONFIG"}),
        (("stop", "--signal", "HU"), {"HUP"}),
        (("run", "--label-file", ""), {":files"}),
        (("run", "-itv", ""), {":files"}),
        (("--data-root", ""), {":directories"}),
        (("run", "--name", ""), set()),
    ],
)
def test_values(words: tuple[str, ...], values: set[str]) -> None:
    """Values of a flag: words, signals, files."""
    assert set(offered(*words)) == values


@pytest.mark.parametrize(
    "words",
    [
        ("bogus", ""),
        ("run", "--rm=perhaps", ""),
        ("run", "busybox", "-"),
        ("run", "--", "busybox", "--"),
        ("stop", ""),
        ("--version", "stop", "--signal", "NO"),
    ],
)
def test_nothing(words: tuple[str, ...]) -> None:
    """A wrong line, another program's words, an engine that is away: nothing is offered, and nothing is said."""
    assert offered(*words) == {}


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts(shell: str) -> None:
    """`chub completion SHELL` prints a script that asks chub itself, and the shell, where it is here, can read it."""
    result = CliRunner().invoke(app, ["completion", shell], prog_name="chub")

    assert result.exit_code == 0
    assert "__complete" in result.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=result.stdout, text=True, check=True)
