"""The results as a table to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.aims import Measure, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.results import Measured, Results

FEW = 6  # peers that are all shown; of more, those that an aim is about
NAME = 34  # columns


def head(results: Results, last: Results | None) -> Iterator[str]:
    """On what it is measured, and what it is compared with."""
    machine, python, versions = results.machine, results.python, results.versions
    yield (
        f"chub {versions['chub']} ({results.commit}) on containerd {versions['containerd']}, beside its ctr"
        f" and docker {versions['docker']}; runc {versions['runc']}"
    )
    yield (
        f"Python {python['version']} ({python['compiler']}, {'' if python['optimised'] else 'not '}optimised)"
        f", grpcio {versions['grpcio']}, protobuf {versions['protobuf']}, typer {versions['typer']}"
    )
    yield (
        f"{machine['processor']}, {machine['cores']} cores, kernel {machine['kernel']}, cgroups"
        f" v{machine['cgroups']}; {results.date}; {results.rounds} rounds"
    )
    if last is not None:
        same = "" if last.place == results.place else ", of another machine, Python, package or engine"
        yield f"last: {last.date}, {last.commit}{same}"


def case(measured: Measured, last: Measured | None, floor: int) -> Iterator[str]:
    """One case: its peers, and its aims. No peak of memory below `floor` (bytes) can be seen."""
    before, after = measured.load
    yield ""
    yield f"{measured.title}  (load {before:.1f} to {after:.1f})"
    if measured.error:
        yield f"  NOT MEASURED: {measured.error}"
        return
    yield f"  {'':{NAME}}{'median':>9}{'p25':>9}{'min':>9}{'spread':>9}{'memory':>9}{'last':>9}"
    concerned = {name for verdict in measured.verdicts for name in (verdict.of, verdict.beside)}
    for name in measured.samples:
        if name in concerned or len(measured.samples) <= FEW:
            yield _peer(name, measured, last, floor)
    for verdict in measured.verdicts:
        yield _aim(verdict, last)


def summary(results: Results) -> str:
    """How much of it is reached."""
    verdicts = [verdict for case in results.cases.values() for verdict in case.verdicts]
    met = sum(verdict.met for verdict in verdicts)
    failed = [name for name, case in results.cases.items() if case.error]
    return f"{met} of {len(verdicts)} aims met" + (f"; not measured: {', '.join(failed)}" if failed else "")


def _peer(name: str, measured: Measured, last: Measured | None, floor: int) -> str:
    figures, memory = measured.figures(name), measured.memory(name)
    peak = f"{'' if memory > floor else '≤ '}{memory / 1e6:.0f} MB" if memory else ""
    times = "".join(f"{time(each):>9}" for each in (figures.median, figures.p25, figures.min, figures.spread))
    before = time(last.figures(name).median) if last and name in last.samples else ""
    return f"  {name:{NAME}}{times}{peak:>9}{before:>9}"


def _aim(verdict: Verdict, last: Measured | None) -> str:
    unit, sign = 1.0, "≤"
    match verdict.measure:
        case Measure.RATIO:
            what, shape = f"{verdict.of} / {verdict.beside}", "{:.2f}"
        case Measure.SPEEDUP:
            what, shape, sign = f"{verdict.beside} / {verdict.of}", "{:.2f}", "≥"
        case Measure.DIFFERENCE:
            what, shape = f"{verdict.of} − {verdict.beside}", "{:.3f} s"
        case Measure.MEMORY:
            what, shape, unit = f"memory of {verdict.of}", "{:.0f} MB", 1e6

    def shown(value: float) -> str:
        return shape.format(value / unit)

    pairs = "" if verdict.measure is Measure.MEMORY else f", pairs {shown(verdict.pairs)} ± {shown(verdict.spread / 2)}"
    result = "met" if verdict.met else f"MISSED by {verdict.excess:.0%}"
    before = [
        each
        for each in (last.verdicts if last else ())
        if (each.measure, each.of, each.beside) == (verdict.measure, verdict.of, verdict.beside)
    ]
    trailer = f" (last {shown(before[0].value)})" if before else ""
    return f"  {what}: {shown(verdict.value)}{pairs}; aim {sign} {shown(verdict.limit)}: {result}{trailer}"


def time(seconds: float) -> str:
    """Seconds in a unit that fits."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
