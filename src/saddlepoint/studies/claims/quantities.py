"""The numbers that several claims are judged by, each with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, wilson
from saddlepoint.figures.bands import Band
from saddlepoint.figures.survival import Curve
from saddlepoint.studies.claims.laboratory import Outcome
from saddlepoint.studies.survival import Survival, kaplan_meier

FEWEST_DECIDED = 10  # seeds of a race with a first and a second
NONE_DECIDED = "none decided"  # of a race without any


def survival(outcome: Outcome) -> Survival:
    """The share of seeds that have not converged yet, over steps."""
    return kaplan_meier(outcome.times.numpy(), outcome.converged.numpy())


def median_steps(outcome: Outcome) -> Interval:
    """Until half of the seeds have converged; infinite where they never did."""
    return survival(outcome).quantile()


def share_converged(outcome: Outcome) -> Interval:
    """Of all seeds."""
    return wilson(float(outcome.converged.sum()), outcome.seeds)


def curve(outcome: Outcome) -> Curve:
    """For `figures.survival`."""
    own = survival(outcome)
    return Curve(own.times, own.survival, own.low, own.high, own.last, own.n, own.quantile())


def distance_band(outcome: Outcome) -> Band:
    """Median of the distance over seeds, and where the middle 80 % of them lie, for `figures.bands`."""
    levels = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    low, middle, high = outcome.distance.nan_to_num(torch.inf).quantile(levels, dim=1).numpy()
    return Band(outcome.looked.numpy(), low, middle, high)


def of_median(values: Tensor, level: float = 0.95) -> Interval:
    """The median of independent values (N,), NaN left out, with its interval by ranks, which assumes nothing of how they are
    distributed. NaN where there are none; of one value the ends are NaN, for one value has no interval."""
    from scipy.stats import binom

    ordered = values.double()[~values.isnan()].sort().values
    n = len(ordered)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, level)
    if n == 1:
        return Interval(float(ordered[0]), math.nan, math.nan, level)
    below = int(binom.ppf((1 - level) / 2, n, 0.5)) - 1  # so many of the ranks on each side may be left out
    low, high = max(below, 0), min(n - 1 - below, n - 1)
    return Interval(float(ordered.quantile(0.5)), float(ordered[low]), float(ordered[high]), level)


def nearer(weak: Outcome, strong: Outcome, level: float = 0.95) -> Interval:
    """The median, over seeds, of the least distance that `weak` came to over that of `strong`; above 1 strong came nearer."""
    found = of_median(weak.closest.log() - strong.closest.log(), level)
    return Interval(math.exp(found.value), math.exp(found.low), math.exp(found.high), found.level)


@dataclass(frozen=True)
class Race:
    """Two setups from the same seeds, first against second.

    faster: seeds with which the first converged earlier, or at all; slower: the second. undecided: neither, or as early.
    share: faster among the decided, with its interval; NaN without any.
    """

    faster: int
    slower: int
    undecided: int
    share: Interval

    @property
    def decided(self) -> bool:
        """Enough seeds converged with either for the race to say anything: `FEWEST_DECIDED`."""
        return self.faster + self.slower >= FEWEST_DECIDED

    def __str__(self) -> str:
        return f"{self.faster} seeds to {self.slower}, {self.undecided} undecided"


def race(first: Outcome, second: Outcome, level: float = 0.95) -> Race:
    """Seed by seed. A seed that has not converged is later than one that has, whenever it would have."""
    a, b = (torch.where(own.converged, own.steps, torch.inf) for own in (first, second))
    faster, slower = int((a < b).sum()), int((a > b).sum())
    share = (
        wilson(faster, faster + slower, level=level)
        if faster + slower
        else Interval(math.nan, math.nan, math.nan, level)
    )
    return Race(faster, slower, len(a) - faster - slower, share)


def curves(outcomes: Mapping[str, Outcome]) -> dict[str, Curve]:
    """By the same names."""
    return {name: curve(outcome) for name, outcome in outcomes.items()}


def bands(outcomes: Mapping[str, Outcome]) -> dict[str, Band]:
    """By the same names."""
    return {name: distance_band(outcome) for name, outcome in outcomes.items()}


def spoken(interval: Interval) -> str:
    """A number of steps for a sentence."""
    return f"{interval.value:,.0f}" if interval.value < torch.inf else "not reached"
