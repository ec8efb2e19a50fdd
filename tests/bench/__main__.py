"""Measure chub beside ctr and docker, on private engines, as root.

All peers of a case run in turns (A B C A B C …); a peer that fails ends its case. A run of the whole suite
without failures is kept under tests/bench/results/ and compared with the one kept before. An aim that is
missed is said, and is no failure: the exit status is 1 only where something could not be measured.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from dataclasses import replace
from datetime import UTC, datetime

from tests.bench import budget, report, results
from tests.bench.aims import judge
from tests.bench.cases import CASES, Case
from tests.bench.machine import commit, machine, python, versions
from tests.bench.peers import Failed, measure
from tests.bench.results import Measured, Results
from tests.bench.scene import Scene, compile_modules, missing


def main() -> int:
    """Do what the command line asks, and give the exit status."""
    asked = _arguments()
    if reason := missing(asked.engine):
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    compile_modules()
    with Scene(asked.engine) as scene:
        if asked.profile:
            for line in budget.lines(scene, runs=asked.runs):
                print(line, flush=True)
            return 0
        return _measure(scene, asked)


def _measure(scene: Scene, asked: argparse.Namespace) -> int:
    last = results.last()
    found = Results(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit(),
        rounds=asked.runs,
        floor=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        machine=machine(),
        python=python(),
        versions=versions(asked.engine),
    )
    print(*report.head(found, last), sep="\n", flush=True)
    cases: dict[str, Measured] = {}
    for name in asked.names or CASES:
        cases[name] = _case(scene, CASES[name], asked.runs)
        before = last.cases.get(name) if last else None
        print(*report.case(cases[name], before, found.floor), sep="\n", flush=True)
    found = replace(found, cases=cases)
    print(f"\n{report.summary(found)}")
    failed = any(case.error for case in cases.values())
    if not (failed or asked.names or asked.quick):
        print(f"kept: {found.keep()}")
    return 1 if failed else 0


def _case(scene: Scene, case: Case, rounds: int) -> Measured:
    before = os.getloadavg()[0]
    try:
        with case.prepare(scene) as trial:
            samples = measure(
                trial.peers,
                rounds=(rounds + 1) // 2 if case.slow else rounds,
                warm_up=1 if case.slow else 2,
            )
    except Failed as failure:
        return Measured(
            title=case.title, samples={}, verdicts=(), load=(before, os.getloadavg()[0]), error=str(failure)
        )
    return Measured(
        title=case.title,
        samples=samples,
        verdicts=[judge(aim, samples) for aim in trial.aims],
        load=(before, os.getloadavg()[0]),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"cases to measure: {', '.join(CASES)}")
    parser.add_argument("--runs", type=int, default=15, metavar="N", help="rounds of a case (slow ones: half)")
    parser.add_argument("--quick", action="store_true", help="three rounds; the results are not kept")
    parser.add_argument("--engine", default="2.1", metavar="ENGINE", help="containerd of chub and ctr")
    parser.add_argument(
        "--profile", action="store_true", help="print what one run and one ps spend their time on, instead"
    )
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in CASES]:
        parser.error(f"no such case: {', '.join(unknown)}")
    if asked.quick:
        asked.runs = 3
    if asked.runs < 1:
        parser.error("one round at least")
    return asked


if __name__ == "__main__":
    sys.exit(main())
