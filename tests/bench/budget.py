"""Where the time of one command goes, by named phases that add up to all of it.

A phase is a step of the start, a call to containerd (by the time that the command waits for it: of several
under way, the one that ends last), or what chub does before a call. Python's own list of imports says what of
a phase is imports.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.cases import RUN
from tests.bench.figures import Figures
from tests.bench.peers import REPOSITORY, Failed, command, spawn
from tests.support.command import CHUB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.peers import Ended
    from tests.bench.scene import Scene

TRACED = Path(__file__).with_name("traced.py")
LINE = re.compile(r"mark (\d+) (begin|phase|call|answer) (.*)|import time: +(\d+) \| +\d+ \|( +)(\S+)")
OURS = ("chub", "grpc", "google", "typer", "rich")  # packages whose imports are told apart
SHOWN = 0.3  # ms: what takes less is put together
ENDED = "Python ends"


@dataclass(slots=True, kw_only=True)
class Phase:
    """A part of a command's time, in milliseconds."""

    time: float = 0.0
    imports: dict[str, float] = field(default_factory=lambda: defaultdict(float))  # by package


Budget = dict[str, Phase]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of tests/bench/traced.py."""

    at: int  # nanoseconds
    event: str
    name: str


def lines(scene: Scene, *, runs: int) -> Iterator[str]:
    """The budgets of a `run` and of a `ps` with one container, to print."""
    words = (*RUN, scene.image, "true")
    yield from _shown(scene, words, runs)
    with scene.container(CHUB):
        yield from _shown(scene, ("ps",), runs)


def _shown(scene: Scene, words: Sequence[str], runs: int) -> Iterator[str]:
    plain, budgets = [], []
    usual = command(CHUB, *words, env=scene.env)
    for place in range(runs + 2):
        sample, budget = usual(), _traced(scene, words)
        if place >= 2:  # before, things warm up
            plain.append(sample.seconds * 1000)
            budgets.append(budget)
    total = median(sum(phase.time for phase in budget.values()) for budget in budgets)
    figures = Figures.of(plain)
    yield ""
    yield (
        f"chub {' '.join(words)}: {figures.median:.1f} ms (p25 {figures.p25:.1f}, min {figures.min:.1f}),"
        f" traced {total:.1f} ms; medians of {runs}, in ms"
    )
    names = [*dict.fromkeys(name for budget in budgets for name in budget if name != ENDED), ENDED]
    rest = 0.0
    for name in names:
        found = [budget.get(name, Phase()) for budget in budgets]
        spent = median(phase.time for phase in found)
        if spent < SHOWN:
            rest += spent
            continue
        packages = sorted({package for phase in found for package in phase.imports})
        imports = {each: median(phase.imports.get(each, 0.0) for phase in found) for each in packages}
        told = ", ".join(f"{each} {ms:.1f}" for each, ms in imports.items() if ms >= SHOWN)
        yield f"  {spent:7.1f}  {name}" + (f"   [imports: {told}]" if told else "")
    yield f"  {rest:7.1f}  (what took less than {SHOWN} each)"


def _traced(scene: Scene, words: Sequence[str]) -> Budget:
    env = dict(scene.env) | {"PYTHONPATH": str(REPOSITORY)}
    ended = spawn(sys.executable, "-P", "-X", "importtime", TRACED, *words, env=env)
    if ended.exit_status != 0:
        raise Failed(f"{' '.join(words)}, traced: exit status {ended.exit_status}: {ended.stderr[-2000:]}")
    return _budget(ended)


def _budget(ended: Ended) -> Budget:
    """Divide the time between start and end of the process among names."""
    marks, imports = _read(ended.stderr)
    answers = _answers(marks)
    budget: Budget = {}
    under_way: dict[int, str] = {}  # place of the mark → call
    before = ended.began
    for place, now in enumerate(marks):
        if under_way:
            last = max(under_way, key=lambda call: answers[call])
            name = f"    {under_way[last]}"
        else:
            name = _name(marks, place)
        phase = budget.setdefault(name, Phase())
        phase.time += (now.at - before) / 1e6
        for package, spent in imports[place].items():
            phase.imports[package] += spent
        before = now.at
        if now.event == "call":
            under_way[place] = now.name
        elif now.event == "answer":
            call = next((call for call, name in under_way.items() if name == now.name), None)
            under_way.pop(call if call is not None else -1, None)
    budget[ENDED] = Phase(time=(ended.ended - before) / 1e6)
    return budget


def _name(marks: Sequence[Mark], place: int) -> str:
    """What the time before a mark is called, when no call is under way."""
    mark = marks[place]
    if mark.event == "begin":
        return "Python starts"
    return f"before {mark.name}" if mark.event == "call" else mark.name


def _answers(marks: Sequence[Mark]) -> dict[int, int]:
    """When each call (by the place of its mark) was answered."""
    found: dict[int, int] = {}
    for place, mark in enumerate(marks):
        if mark.event == "answer":
            calls = (
                call
                for call in range(place)
                if marks[call].event == "call" and marks[call].name == mark.name and call not in found
            )
            found[next(calls)] = mark.at
    return {place: found.get(place, marks[-1].at) for place, mark in enumerate(marks) if mark.event == "call"}


def _read(stderr: str) -> tuple[list[Mark], list[dict[str, float]]]:
    """The marks in order, and for each what was imported before it: milliseconds by package.

    A module of the standard library counts for the package that made Python import it first.
    """
    marks: list[Mark] = []
    imports: list[dict[str, float]] = []
    importers: list[tuple[int, str]] = []  # (depth, package), inwards; a module's line follows those that it imports
    for line in reversed(stderr.splitlines()):
        if not (found := LINE.match(line)):
            continue
        if found[1]:
            marks.append(Mark(int(found[1]), found[2], found[3]))
            imports.append(defaultdict(float))
            importers = []
        elif marks:
            depth = len(found[5])
            while importers and importers[-1][0] >= depth:
                importers.pop()
            package = found[6].partition(".")[0]
            if package not in OURS:
                package = importers[-1][1] if importers else "standard library"
            importers.append((depth, package))
            imports[-1][package] += int(found[4]) / 1000
    marks.reverse()
    imports.reverse()
    return marks, imports
