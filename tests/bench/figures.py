"""What is said of measured numbers: medians, quartiles, and two series beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One series, in the unit of its samples."""

    median: float
    p25: float
    min: float
    spread: float  # between the quartiles

    @classmethod
    def of(cls, samples: Sequence[float]) -> Figures:
        """The figures of one sample or more."""
        low, high = quartiles(samples)
        return cls(median=median(samples), p25=low, min=min(samples), spread=high - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Two series measured in turns: by their medians, and by rounds, where what slows both cancels out."""

    of_medians: float
    of_pairs: float  # the median
    spread: float  # of the pairs, between the quartiles


def ratio(samples: Sequence[float], beside: Sequence[float]) -> Pairing:
    """How many times as much as the other: below 1 is less."""
    return _paired(median(samples) / median(beside), [a / b for a, b in zip(samples, beside, strict=True)])


def difference(samples: Sequence[float], beside: Sequence[float]) -> Pairing:
    """How much more than the other, in the unit of the samples."""
    return _paired(median(samples) - median(beside), [a - b for a, b in zip(samples, beside, strict=True)])


def quartiles(samples: Sequence[float]) -> tuple[float, float]:
    """The first and the third; both are the sample itself where there is one only."""
    if len(samples) == 1:
        return samples[0], samples[0]
    low, _, high = quantiles(samples, n=4, method="inclusive")
    return low, high


def _paired(of_medians: float, pairs: Sequence[float]) -> Pairing:
    figures = Figures.of(pairs)
    return Pairing(of_medians=of_medians, of_pairs=figures.median, spread=figures.spread)
