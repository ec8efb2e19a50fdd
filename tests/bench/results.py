"""What was measured, kept as JSON: a file for each run of the whole suite, with every sample."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.aims import Measure, Verdict
from tests.bench.figures import Figures
from tests.bench.peers import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIRECTORY = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A case, measured."""

    title: str
    samples: Mapping[str, Sequence[Sample]]  # by peer, in the order of the rounds
    verdicts: Sequence[Verdict]
    load: tuple[float, float]  # the machine's, of one minute, before and after
    error: str = ""  # why there are no samples

    def figures(self, peer: str) -> Figures:
        """A peer's, in seconds."""
        return Figures.of([sample.seconds for sample in self.samples[peer]])

    def memory(self, peer: str) -> int:
        """A peer's peak in its worst run, in bytes; 0: not measured."""
        return max(sample.memory for sample in self.samples[peer])


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A run of the suite."""

    date: str  # ISO 8601, UTC
    commit: str
    rounds: int
    floor: int  # bytes: no peak below this can be seen, see `tests.bench.peers.Ended`
    machine: Mapping[str, Any]
    python: Mapping[str, Any]
    versions: Mapping[str, str]
    cases: Mapping[str, Measured] = field(default_factory=dict)

    @property
    def place(self) -> tuple[Mapping[str, Any], ...]:
        """What has to be the same for figures of two runs to be compared."""
        return self.machine, self.python, self.versions

    def keep(self) -> Path:
        """Write it to its file."""
        DIRECTORY.mkdir(exist_ok=True)
        file = DIRECTORY / f"{self.date[:10]}-{self.commit}.json"
        document = asdict(self) | {"cases": {name: _document(case) for name, case in self.cases.items()}}
        file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        return file


def last() -> Results | None:
    """The run that was kept last."""
    kept = [_read(file) for file in DIRECTORY.glob("*.json")]
    return max(kept, key=lambda results: results.date, default=None)


def _document(case: Measured) -> Mapping[str, Any]:
    """A case as JSON: milliseconds, so that a line is readable."""
    return {
        "title": case.title,
        "error": case.error,
        "load": case.load,
        "peers": {
            name: {key: round(1000 * value, 2) for key, value in asdict(case.figures(name)).items()}
            | {
                "memory": case.memory(name),
                "samples": [round(1000 * sample.seconds, 2) for sample in samples],
            }
            for name, samples in case.samples.items()
        },
        "aims": [
            asdict(verdict)
            | {
                "value": round(verdict.value, 4),
                "pairs": round(verdict.pairs, 4),
                "spread": round(verdict.spread, 4),
                "met": verdict.met,
            }
            for verdict in case.verdicts
        ],
    }


def _read(file: Path) -> Results:
    document = json.loads(file.read_text())
    return Results(**document | {"cases": {name: _case(case) for name, case in document["cases"].items()}})


def _case(document: Mapping[str, Any]) -> Measured:
    return Measured(
        title=document["title"],
        error=document["error"],
        load=tuple(document["load"]),
        samples={
            name: [Sample(seconds=value / 1000, memory=peer["memory"]) for value in peer["samples"]]
            for name, peer in document["peers"].items()
        },
        verdicts=[_verdict(dict(aim)) for aim in document["aims"]],
    )


def _verdict(document: dict[str, Any]) -> Verdict:
    del document["met"]
    return Verdict(**document | {"measure": Measure(document["measure"])})
