"""What is aimed at, and how far a measurement is from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.figures import Pairing, difference, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.peers import Sample


class Measure(StrEnum):
    """What of the samples an aim is about."""

    RATIO = "ratio"  # time in times of the other's, at most
    SPEEDUP = "speedup"  # the other's time in times of this one's, at least
    DIFFERENCE = "difference"  # seconds more than the other, at most
    MEMORY = "memory"  # bytes in the worst run, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A limit for one peer, or for the worst of several, beside another."""

    of: Sequence[str]  # names of peers
    beside: str = ""  # name of a peer; "" for `Measure.MEMORY`
    measure: Measure = Measure.RATIO
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An aim, measured."""

    of: str  # the worst
    beside: str
    measure: Measure
    limit: float
    value: float  # of the medians
    pairs: float  # the median of the pairs; for memory as `value`
    spread: float  # of the pairs

    @property
    def met(self) -> bool:
        """Whether the value keeps to the limit."""
        return self.excess <= 0

    @property
    def excess(self) -> float:
        """By which part of the limit it is missed; negative: what is left of it."""
        over = self.value / self.limit - 1
        return -over if self.measure is Measure.SPEEDUP else over


def judge(aim: Aim, samples: Mapping[str, Sequence[Sample]]) -> Verdict:
    """Measure an aim, by the peer that is the farthest from it."""
    return max((_judge(aim, name, samples) for name in aim.of), key=lambda verdict: verdict.excess)


def _judge(aim: Aim, name: str, samples: Mapping[str, Sequence[Sample]]) -> Verdict:
    found = _pairing(aim, samples[name], samples.get(aim.beside, ()))
    return Verdict(
        of=name,
        beside=aim.beside,
        measure=aim.measure,
        limit=aim.limit,
        value=found.of_medians,
        pairs=found.of_pairs,
        spread=found.spread,
    )


def _pairing(aim: Aim, samples: Sequence[Sample], beside: Sequence[Sample]) -> Pairing:
    times, others = ([sample.seconds for sample in each] for each in (samples, beside))
    match aim.measure:
        case Measure.RATIO:
            return ratio(times, others)
        case Measure.SPEEDUP:
            return ratio(others, times)
        case Measure.DIFFERENCE:
            return difference(times, others)
        case Measure.MEMORY:
            peaks = [sample.memory for sample in samples]
            return Pairing(of_medians=max(peaks), of_pairs=median(peaks), spread=max(peaks) - min(peaks))
