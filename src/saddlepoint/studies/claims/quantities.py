"""Quantities that the verdicts of several claims are based on, each with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, exponential, wilson_interval
from saddlepoint.figures.bands import Band
from saddlepoint.figures.survival import Curve
from saddlepoint.studies.claims.laboratory import Outcome
from saddlepoint.studies.survival import Survival, kaplan_meier

FEWEST_DECIDED = 10  # seeds in which one of two setups converged before the other
NONE_DECIDED = "none decided"  # text where there is no such seed
BAND_LEVELS = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)  # the ends and the middle of a band over seeds


class Timed(Protocol):
    """When each of S seeds did what is waited for."""

    @property
    def seeds(self) -> int:
        """Number of seeds."""

    @property
    def steps(self) -> Tensor:
        """(S,) step or time of each seed; NaN if it was not reached."""

    @property
    def last(self) -> float:
        """End of observation."""

    @property
    def converged(self) -> Tensor:
        """(S,) bool, whether it was reached."""

    @property
    def times(self) -> Tensor:
        """(S,) `steps`, or the end of observation where it was not reached."""


@dataclass(frozen=True, eq=False)
class Arrivals:
    """When each of S seeds reached a goal.

    Attributes:
        steps: (S,) float64, step or time; NaN if it was not reached.
        observed: (S,) float64, how long each seed was observed.
    """

    steps: Tensor
    observed: Tensor

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return len(self.steps)

    @property
    def last(self) -> float:
        """The end of the longest observation."""
        return float(self.observed.max())

    @property
    def converged(self) -> Tensor:
        """(S,) bool, whether each seed reached the goal."""
        return ~self.steps.isnan()

    @property
    def times(self) -> Tensor:
        """(S,) `steps`, or the end of observation of seeds that did not reach the goal (censored)."""
        return torch.where(self.converged, self.steps, self.observed)


def survival(outcome: Timed) -> Survival:
    """The share of seeds that have not converged yet, as a function of steps."""
    return kaplan_meier(outcome.times.numpy(), outcome.converged.numpy())


def median_steps(outcome: Timed) -> Interval:
    """Steps until half of the seeds have converged; infinite if fewer than half converged."""
    return survival(outcome).quantile()


def share_converged(outcome: Timed) -> Interval:
    """The share of seeds that converged."""
    return wilson_interval(float(outcome.converged.sum()), outcome.seeds)


def curve(outcome: Timed) -> Curve:
    """The survival curve of an outcome, for `figures.survival`."""
    own = survival(outcome)
    return Curve(own.times, own.survival, own.low, own.high, own.last, own.n, own.quantile())


def seed_band(steps: Tensor, values: Tensor) -> Band:
    """Median and middle 80 % over seeds, for `figures.bands`.

    Args:
        steps: (L,) steps.
        values: (L, S) values there by seed; NaN are left out.
    """
    low, middle, high = values.double().nanquantile(BAND_LEVELS, dim=1).numpy()
    return Band(steps.numpy(), low, middle, high)


def median_interval(values: Tensor, level: float = 0.95) -> Interval:
    """The median of independent values with its interval by ranks, which is valid for any distribution.

    Args:
        values: (N,) values; NaN are left out.
        level: confidence level of the interval, in (0, 1).

    Returns:
        The interval; NaN if there are no values, with NaN ends if there is only one.
    """
    from scipy.stats import binom

    ordered = values.double()[~values.isnan()].sort().values
    n = len(ordered)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, level)
    if n == 1:
        return Interval(float(ordered[0]), math.nan, math.nan, level)
    below = int(binom.ppf((1 - level) / 2, n, 0.5)) - 1  # number of ranks that can be left out on each side
    low, high = max(below, 0), min(n - 1 - below, n - 1)
    return Interval(float(ordered.quantile(0.5)), float(ordered[low]), float(ordered[high]), level)


def distance_ratio(weak: Outcome, strong: Outcome, level: float = 0.95) -> Interval:
    """Median over seeds of the smallest distance of `weak` divided by that of `strong`.

    Args:
        weak: outcome of the weak setup.
        strong: outcome of the strong setup, from the same seeds.
        level: confidence level of the interval, in (0, 1).

    Returns:
        The ratio with its interval; above 1 if the samples of `strong` came nearer to the data.
    """
    return exponential(median_interval(weak.closest.log() - strong.closest.log(), level))


@dataclass(frozen=True)
class Race:
    """A comparison of two setups from the same seeds: which one converges first.

    Attributes:
        faster: number of seeds in which the first setup converged earlier, or was the only one to converge.
        slower: number of seeds in which the second setup did.
        undecided: number of seeds in which neither converged, or both at the same step.
        share: `faster` divided by `faster + slower`, with its interval; NaN if both are 0.
    """

    faster: int
    slower: int
    undecided: int
    share: Interval

    @property
    def decided(self) -> bool:
        """Whether at least `FEWEST_DECIDED` seeds show which setup converges first."""
        return self.faster + self.slower >= FEWEST_DECIDED

    def __str__(self) -> str:
        return f"with {self.faster} seeds, the other with {self.slower}, and {self.undecided} do not decide"


def race(first: Timed, second: Timed, level: float = 0.95) -> Race:
    """Compare two setups seed by seed. A run that did not converge counts as later than one that did.

    Args:
        first: outcome of the first setup.
        second: outcome of the second setup, from the same seeds.
        level: confidence level of the interval, in (0, 1).
    """
    a, b = (torch.where(own.converged, own.steps, torch.inf) for own in (first, second))
    faster, slower = int((a < b).sum()), int((a > b).sum())
    share = (
        wilson_interval(faster, faster + slower, level=level)
        if faster + slower
        else Interval(math.nan, math.nan, math.nan, level)
    )
    return Race(faster, slower, len(a) - faster - slower, share)


def curves(outcomes: Mapping[str, Timed]) -> dict[str, Curve]:
    """The survival curve of each outcome, by the same names."""
    return {name: curve(outcome) for name, outcome in outcomes.items()}


def bands(outcomes: Mapping[str, Outcome]) -> dict[str, Band]:
    """The band of distances of each outcome, by the same names."""
    return {name: seed_band(own.checked, own.distance.nan_to_num(torch.inf)) for name, own in outcomes.items()}


def steps_text(interval: Interval) -> str:
    """Format a median number of steps.

    Args:
        interval: the median with its interval; infinite if it was not reached.

    Returns:
        Text such as "1,200", or "not reached".
    """
    return f"{interval.value:,.0f}" if interval.value < torch.inf else "not reached"
