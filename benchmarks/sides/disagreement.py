"""Which metrics disagree about the same models: rank correlations, over the seeds' means and seed by seed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from saddlepoint.evaluation.scorecard.scorecard import Better

Values = Mapping[str, Sequence[float]]
"""Of one metric: a value a seed, by model."""


def badness(value: float, better: Better, real: float) -> float:
    """Less of it is better, whatever the metric: where neither more nor less is, the distance from what real data have."""
    if better == "none":
        return abs(value - real)
    return value if better == "lower" else -value


def ranks(values: Sequence[float]) -> list[float]:
    """1 for the least; equal values share the mean of their ranks."""
    return [sum(other < value for other in values) + (1 + values.count(value)) / 2 for value in values]


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rank correlation; NaN where one of both is constant."""
    first, second = ranks(one), ranks(other)
    if len(set(first)) == 1 or len(set(second)) == 1:
        return math.nan
    return statistics.correlation(first, second)


@dataclass(frozen=True)
class Pair:
    """Two metrics. rho: over the models' means; of_seeds: over the models of each seed."""

    one: str
    other: str
    rho: float
    of_seeds: tuple[float, ...]

    @property
    def agrees(self) -> bool:
        return self.rho > 0

    @property
    def opposed(self) -> bool:
        """Whether no seed has them agree."""
        return self.rho < 0 and all(rho < 0 for rho in self.of_seeds)


def pairs(table: Mapping[str, Values]) -> list[Pair]:
    """All pairs of metrics of which neither is constant, the most opposed first. table: badness by metric."""
    found = []
    for one, other in combinations(table, 2):
        models = list(table[one])
        seeds = range(len(table[one][models[0]]))
        means = [[statistics.fmean(table[metric][model]) for model in models] for metric in (one, other)]
        each = [
            correlation(*([table[metric][model][seed] for model in models] for metric in (one, other)))
            for seed in seeds
        ]
        rho = correlation(*means)
        if not math.isnan(rho):
            found.append(Pair(one, other, rho, tuple(value for value in each if not math.isnan(value))))
    return sorted(found, key=lambda pair: (pair.rho, statistics.fmean(pair.of_seeds or (pair.rho,))))


def order(values: Values) -> list[str]:
    """The models by their means, the best first. values: badness."""
    return sorted(values, key=lambda model: statistics.fmean(values[model]))
