"""The README's console and Python blocks, done in order on a private engine, and held to what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import engines
from tests.support.command import CHUB

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"  # prints: (.*)$", re.MULTILINE)
END = "--- end of command, status "
PATIENCE = 10.0  # seconds for what was started in the background to show

LOOSE = (
    (re.compile(r"(?<!\S)/\S+"), r"/\S+"),  # a path: roots differ, and long ones are cut in the middle
    (re.compile(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z"), r"[\dT:.-]+Z"),
    (
        re.compile(r"(?:Less than a second|About an? \w+|\d+ (?:second|minute|hour|day)s?)"),
        r"(?:Less than a second|About an? \w+|\d+ \w+)",
    ),
    (re.compile(r"\bv?\d+\.\d+\.\d+[\w.~+-]*"), r"\S+"),  # a version
    (
        re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
        r"[0-9a-f-]+",
    ),
    (re.compile(r"\d+(?:\.\d+)?"), r"\d+(?:\.\d+)?"),
    (re.compile(r"…"), r".*"),
    (re.compile(r"[ \t]+"), r"[ \t]+"),
)
"""What differs from one machine and moment to the next, and what stands for it. The rest is as printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the README and what is printed below it."""

    line: int
    command: str
    shown: str


def steps(text: str) -> Iterator[Step]:
    """All commands: those after ``$`` in console blocks, and each Python block as a whole."""
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(2)) + 1
        if block[1] == "python":
            prints = "".join(f"{line}\n" for line in PRINTS.findall(block[2]))
            yield Step(line=first, command=f"python3 - <<'PYTHON'\n{block[2]}PYTHON", shown=prints)
            continue
        for command in re.finditer(r"^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)", block[2], re.MULTILINE):
            line = first + block[2].count("\n", 0, command.start())
            yield Step(line=line, command=command[1], shown=command[2])


def pattern(shown: str) -> re.Pattern[str]:
    """An expression for everything that the README may mean by `shown`; a line "…" is any number of lines."""
    lines = [r"(?:.*\n)*" if line.strip() == "…" else _loose(line) + r"[ \t]*\n" for line in shown.splitlines()]
    return re.compile("".join(lines))


def _loose(line: str) -> str:
    parts = [(line, False)]
    for found, stand_in in LOOSE:
        split: list[tuple[str, bool]] = []
        for part, done in parts:
            if done:
                split.append((part, True))
                continue
            end = 0
            for match in found.finditer(part):
                split += [(part[end : match.start()], False), (stand_in, True)]
                end = match.end()
            split.append((part[end:], False))
        parts = split
    return "".join(part if done else re.escape(part) for part, done in parts)


class Shell:
    """One bash, as a reader has one: directories, variables and background jobs stay."""

    def __init__(self, directory: Path, env: dict[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=env,
            text=True,
        )

    def run(self, command: str) -> tuple[int, str]:
        """Exit status and output of a command."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{command}\necho '{END}'$?\n")
        self._bash.stdin.flush()
        output = ""
        for line in self._bash.stdout:
            before, found, status = line.partition(END)
            output += before
            if found:
                return int(status), output
        pytest.fail(f"the shell ended in {command!r}: {output}")

    def close(self) -> None:
        """End the shell, and whatever it still waits for."""
        self._bash.communicate("exit\n", timeout=PATIENCE)


@pytest.fixture
def shell(request: pytest.FixtureRequest, roots: tuple[Path, Path], tmp_path: Path, busybox: Path) -> Iterator[Shell]:
    """A shell where `chub` and an engine's programs are found, and where no engine runs."""
    if os.geteuid() != 0:
        engines.unavailable("engines need root")
    programs = engines.programs(engines.chosen(request.config.getoption("--engine")))
    env = {
        "PATH": f"{CHUB.parent}:{programs}:{os.environ['PATH']}",
        "CHUB_DATA_ROOT": str(roots[0]),
        "CHUB_STATE_ROOT": str(roots[1]),
        "CONTAINERD_ADDRESS": f"{roots[1]}/engine/containerd.sock",  # the host may have an engine of its own
        "HOME": str(tmp_path),
        "COLUMNS": "200",
        "LC_ALL": "C.UTF-8",
    }
    made = Shell(tmp_path, env)
    yield made
    made.run("chub engine stop")
    made.close()


def test_the_tour(shell: Shell, roots: tuple[Path, Path]) -> None:
    """Every command of the README succeeds and prints what the README shows, but for ids, sizes and times."""
    done = list(steps(README.read_text()))
    before = ""
    for step in done:
        end = time.monotonic() + (PATIENCE if before.endswith("&") else 0)
        while True:
            status, output = shell.run(step.command)
            output = output.replace(str(roots[0]), "/var/lib/chub").replace(str(roots[1]), "/run/chub")
            if pattern(step.shown).fullmatch(output) or time.monotonic() > end:
                break
            time.sleep(0.1)
        where = f"README.md:{step.line}: $ {step.command}"
        assert status == 0, f"{where}\nended with {status}:\n{output}"
        assert pattern(step.shown).fullmatch(output), f"{where}\nprinted\n{output}\nbut the README shows\n{step.shown}"
        before = step.command
    assert done


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("up 3 seconds\n", "up Less than a second\n"),
        ("started: process 12\n", "started: process 4711\n"),
        ("containerd 1.7.24~ds1 x\n", "containerd v2.1.9+unknown x\n"),
        ("ID   NAME\n0123456789ab  x\n", "ID      NAME\nfedcba987654  x  \n"),
        ("first\n…\nlast\n", "first\na\nb\nlast\n"),
        ("sha256:0123… ok\n", "sha256:0123456789 ok\n"),
    ],
)
def test_what_may_differ(shown: str, printed: str) -> None:
    """Ids, numbers, versions, ages and white space may differ."""
    assert pattern(shown).fullmatch(printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [("a\n", "b\n"), ("a\n", "a\nb\n"), ("a\nb\n", "a\n"), ("running 1\n", "stopped 1\n")],
)
def test_what_may_not_differ(shown: str, printed: str) -> None:
    """Words and the number of lines may not."""
    assert not pattern(shown).fullmatch(printed)
