"""Intervals: how far a score would move with other samples and other real points of the same number.

All have a level of 95 % unless told otherwise, and mean the expectation of the score at this N, over fresh real points
and fresh samples, not its limit for infinite N: a biased score's interval does not repair the bias. Which to take:

- a share (high quality, coverage of a fixed ball, exact copies): `wilson`.
- a mean over independent points, and smooth functions of means: `of_mean`, `bootstrap`.
- kernel distance, energy distance: they bring their own.
- scores that look at neighbours, at duplicates or at a covariance (precision, recall, density, coverage, Fréchet,
  Vendi, C_T): by the difference of halves, as `half_sampling` does. A bootstrap draws with replacement; a third of its
  points are copies of others, at distance 0 from their neighbour, and all such scores jump. Of these, with their errors by
  halves: a share (precision, recall, coverage) takes `of_share`, a squared distance or divergence `of_distance`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import torch
from torch import Tensor

from saddlepoint.errors import DataError


@dataclass(frozen=True)
class Interval:
    """`value` lies between `low` and `high`, which hold the score's expectation with probability `level`."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def normal(value: float, standard_error: float, *, degrees: float = math.inf, level: float = 0.95) -> Interval:
    """value ± the quantile of Student's t with `degrees` of freedom (the normal's for infinitely many) x its error."""
    from scipy.stats import t  # half a second to import

    half = float(t.ppf((1 + level) / 2, degrees)) * standard_error
    return Interval(value, value - half, value + half, level)


def of_mean(values: Tensor, *, level: float = 0.95) -> Interval:
    """For the mean of independent values (N,), by Student's t.

    Raises:
        DataError: fewer than two values.
    """
    if len(values) < 2:
        raise DataError(f"an interval needs two values or more, got {len(values)}.")
    values = values.double()
    return normal(float(values.mean()), float(values.std()) / len(values) ** 0.5, degrees=len(values) - 1, level=level)


def wilson(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """For the probability behind `successes` of `n` independent trials; stays in [0, 1] and is right near its ends.

    Fractions stand for trials that depend on each other and count for fewer.

    Probable Inference, the Law of Succession, and Statistical Inference (Edwin B. Wilson, 1927).
    https://doi.org/10.1080/01621459.1927.10502953

    Raises:
        DataError: no trials.
    """
    if not n > 0:
        raise DataError("an interval for a share needs trials, got none.")
    return _wilson(successes / n, n, NormalDist().inv_cdf((1 + level) / 2), level)


def _wilson(share: float, n: float, z: float, level: float) -> Interval:
    """At z errors of n trials."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At the ends the two cancel exactly, which rounding would hide.
    low = 0.0 if share == 0 else centre - half
    return Interval(share, low, 1.0 if share == 1 else centre + half, level)


def of_share(
    share: float, standard_error: float, most: float, *, degrees: float = math.inf, level: float = 0.95
) -> Interval:
    """For a share in [0, 1] whose `standard_error` is known from its scatter: Wilson's interval for as many independent
    trials as would scatter so, at most `most`, with the quantile of Student's t with `degrees` of freedom.

    Lopsided near 0 and 1, where value ± errors leaves the range, and of some width at a scatter of 0.

    Raises:
        DataError: no trials.
    """
    from scipy.stats import t  # half a second to import

    if not most >= 1:
        raise DataError("an interval for a share needs trials, got none.")
    variance = standard_error**2
    # A share of none or all says no more of a single trial's variance than that it is that of one in `most`.
    likely = min(max(share, 1 / most), 1 - 1 / most)
    spread = likely * (1 - likely)
    n = most if variance * most <= spread else max(1.0, spread / variance)
    z = float(t.ppf((1 + level) / 2, degrees))
    return _wilson(share, n, z, level)


def of_distance(
    value: float, standard_error: float, *, lift: float = 0.0, degrees: float = math.inf, level: float = 0.95
) -> Interval:
    """For a squared distance or a divergence, which is never below 0, with its `standard_error` by scatter.

    Its variance grows in proportion to its expectation, as that of a squared length of normal numbers does: a value that
    came out low brings a low error with it, and value ± errors is missed from above. The interval holds all expectations t
    from which `value` is no further than the errors that t itself would have, sqrt(t / value) of the one given; it reaches
    further up than down. lift: what is added to the value to make it such a number, for an estimate without bias.

    A value of 0 or below has value ± errors. `degrees` are those of Student's t.
    """
    lifted = value + lift
    if not (math.isfinite(lifted) and lifted > 0):
        return normal(value, standard_error, degrees=degrees, level=level)
    from scipy.stats import t  # half a second to import

    z = float(t.ppf((1 + level) / 2, degrees))
    # An error above the value itself says that the value came out low, not that the error grows faster still.
    proportion = z**2 * standard_error**2 / max(lifted, standard_error)
    centre = value + proportion / 2
    half = math.sqrt(proportion**2 / 4 + proportion * lifted)
    return Interval(value, centre - half, centre + half, level)


def bootstrap(
    statistic: Callable[..., Any],
    *sets: Tensor,
    generator: torch.Generator,
    repeats: int = 1_000,
    level: float = 0.95,
) -> Interval:
    """For statistic(*sets), each set (N, ...) drawn anew from itself: bias-corrected and accelerated percentiles.

    For smooth functions of means. Not for scores of neighbours or covariances: see `half_sampling`. Give values that
    belong together (paired scores) as one set with two columns.

    Better Bootstrap Confidence Intervals (Bradley Efron, 1987). https://doi.org/10.1080/01621459.1987.10478410

    Raises:
        DataError: a set of fewer than two points.
    """
    _check(sets)
    value = float(statistic(*sets))
    draws = torch.tensor(
        [
            float(statistic(*(s[torch.randint(len(s), (len(s),), generator=generator)] for s in sets)))
            for _ in range(repeats)
        ],
        dtype=torch.float64,
    )
    if draws.min() == draws.max():
        return Interval(value, float(draws[0]), float(draws[0]), level)
    below = ((draws < value).double().mean() + 0.5 * (draws == value).double().mean()).clamp(
        0.5 / repeats, 1 - 0.5 / repeats
    )
    bias, acceleration = torch.special.ndtri(below), _acceleration(statistic, sets)
    tails = torch.special.ndtri(torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64))
    ranks = torch.special.ndtr(bias + (bias + tails) / (1 - acceleration * (bias + tails)))
    low, high = draws.quantile(ranks).tolist()
    return Interval(value, low, high, level)


def half_sampling(
    statistic: Callable[..., Any],
    *sets: Tensor,
    generator: torch.Generator,
    repeats: int = 50,
    level: float = 0.95,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    """For statistic(*sets) by how far the two halves of the sets are apart, over random cuts.

    Both halves of a cut are fresh draws that share no point. Half the difference of their scores varies as much as the
    score of the whole does, whatever the score is, as long as its variance falls as 1 / N: the variances of both halves are
    twice the whole's and add up to four times. (The scatter of halves around their mean is too large by up to a half for
    scores of neighbours, whose halves share more than half of what moves them.) A half's own bias cancels. No point is
    drawn twice. Where the variance falls as 1 / N^2, as that of a distance between equal distributions does, the interval
    is up to sqrt(2) times too wide. What lies outside of the score's `bounds` is cut off. Costs 2 `repeats` evaluations on
    half of the points.

    A General Theory for Jackknife Variance Estimation (Jun Shao, C. F. Jeff Wu, 1989).
    https://doi.org/10.1214/aos/1176347263
    Large Sample Confidence Regions Based on Subsamples under Minimal Assumptions (Dimitris N. Politis, Joseph P. Romano,
    1994). https://doi.org/10.1214/aos/1176325770

    Raises:
        DataError: a set of fewer than four points.
    """
    _check(sets, least=4)
    draws = torch.tensor(
        [half_difference(statistic, *(random_halves(s, generator) for s in sets)) for _ in range(repeats)],
        dtype=torch.float64,
    )
    found = normal(float(statistic(*sets)), float(draws.std()), degrees=repeats - 1, level=level)
    return Interval(found.value, max(found.low, bounds[0]), min(found.high, bounds[1]), level)


def random_halves(points: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two random halves of points (N, ...); of an odd number one is left out."""
    order, half = torch.randperm(len(points), generator=generator), len(points) // 2
    return points[order[:half]], points[order[half : 2 * half]]


def half_difference(statistic: Callable[..., Any], *halves: tuple[Tensor, Tensor]) -> float:
    """Half the difference of the statistic of all sets' first halves and of their second ones."""
    first, second = zip(*halves, strict=True)
    return (float(statistic(*first)) - float(statistic(*second))) / 2


def _acceleration(statistic: Callable[..., Any], sets: tuple[Tensor, ...]) -> float:
    """A sixth of the skewness of the jackknife's influence values, over all points of all sets."""
    cubes = squares = 0.0
    for at, points in enumerate(sets):
        n = len(points)
        parts = min(n, 50)  # groups instead of single points: the skewness need not be exact
        group = torch.arange(n) * parts // n
        left_out = torch.tensor(
            [float(statistic(*sets[:at], points[group != g], *sets[at + 1 :])) for g in range(parts)],
            dtype=torch.float64,
        )
        influence = (left_out.mean() - left_out) * (parts - 1)
        # Means of `parts` groups of n / parts points: back to the moments of single points' means.
        cubes += float(influence.pow(3).sum()) / parts**3
        squares += float(influence.square().sum()) / parts**2
    return cubes / (6 * squares**1.5) if squares > 0 else 0.0


def _check(sets: tuple[Tensor, ...], least: int = 2) -> None:
    for points in sets:
        if len(points) < least:
            raise DataError(f"an interval needs {least} points a set or more, got {len(points)}.")
