"""Power laws, y = factor x^exponent, fitted to medians. Some of the medians may be censored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.studies.survival import kaplan_meier

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PowerLaw:
    """A fitted power law, y = factor x^exponent.

    Attributes:
        exponent: the exponent with its bootstrap interval.
        factor: the factor with its bootstrap interval.
        x: (K,) positive numbers.
        medians: K medians of y with their intervals; infinite if fewer than half of the runs reached the event.
        limits: (K,) time until which the runs were followed.
        reached: number of finite medians.
        line: (3, K) lower end, fit and upper end of y at x.
    """

    exponent: Interval
    factor: Interval
    x: Floats
    medians: tuple[Interval, ...]
    limits: Floats
    reached: int
    line: Floats


def power_law(
    groups: Mapping[float, tuple[ArrayLike, ArrayLike]], *, seed: int = 0, repeats: int = 1_000, level: float = 0.95
) -> PowerLaw:
    """Fit a power law to medians of y by x.

    The fit is least squares between logarithms. A censored median is not left out, because this would make hard
    settings look easy. It is known to lie above the last step, so it contributes to the loss only if the line lies
    below that step. Intervals are bootstrap percentiles: runs are resampled within each group, and the law is fitted
    again. They are valid only if a power law holds, which the picture shows.

    Args:
        groups: {x: (times (N,), observed (N,) bool)}, as in `kaplan_meier`; all numbers above 0.
        seed: seed of the bootstrap.
        repeats: number of bootstrap samples.
        level: confidence level of the intervals, in (0, 1).

    Raises:
        DataError: fewer than two medians were reached, or numbers are not above 0.

    References:
        An Introduction to the Bootstrap (Bradley Efron, Robert J. Tibshirani, 1993),
        https://doi.org/10.1201/9780429246593
    """
    keys = sorted(groups)
    x = np.array(keys, np.float64)
    data = [(np.asarray(groups[key][0], np.float64), np.asarray(groups[key][1], bool)) for key in keys]
    if len(x) and (x.min() <= 0 or any((times <= 0).any() for times, _ in data)):
        raise DataError("a power law is one of numbers above 0.")
    curves = [kaplan_meier(times, observed, level=level) for times, observed in data]
    medians = tuple(curve.quantile() for curve in curves)
    limits = np.array([curve.last for curve in curves])
    values = np.array([median.value for median in medians])
    if int(np.isfinite(values).sum()) < 2:
        raise DataError(
            f"a power law needs two medians or more, got {int(np.isfinite(values).sum())}: train longer, or on more values."
        )
    fitted = _fit(x, values, limits)
    generator = np.random.default_rng(seed)
    draws = np.array([_fit(x, _resampled_medians(data, generator), limits) for _ in range(repeats)])
    tails = (100 * (1 - level) / 2, 100 * (1 + level) / 2)
    slopes = np.percentile(draws[:, 0], tails)
    factors = np.exp(np.percentile(draws[:, 1], tails))
    lines = np.exp(draws[:, :1] * np.log(x) + draws[:, 1:])
    line = np.stack(
        [
            np.percentile(lines, tails[0], 0),
            np.exp(fitted[0] * np.log(x) + fitted[1]),
            np.percentile(lines, tails[1], 0),
        ]
    )
    return PowerLaw(
        Interval(float(fitted[0]), float(slopes[0]), float(slopes[1]), level),
        Interval(math.exp(fitted[1]), float(factors[0]), float(factors[1]), level),
        x,
        medians,
        limits,
        int(np.isfinite(values).sum()),
        line,
    )


def _resampled_medians(data: list[tuple[Floats, NDArray[np.bool_]]], generator: np.random.Generator) -> Floats:
    """Medians of resampled runs. A sample with fewer than two finite medians cannot be fitted and is drawn again."""
    while True:
        found = []
        for times, observed in data:
            rows = generator.integers(len(times), size=len(times))
            found.append(_median(times[rows], observed[rows]))
        if np.isfinite(found).sum() >= 2:
            return np.array(found)


def _median(times: Floats, observed: NDArray[np.bool_]) -> float:
    """The Kaplan-Meier median; infinite if fewer than half of the times were observed."""
    order = np.lexsort((~observed, times))
    t, met = times[order], observed[order]
    left = np.cumprod(1 - met / np.arange(len(t), 0, -1))
    below = (left <= 0.5 + 1e-12) & met
    return float(t[int(below.argmax())]) if below.any() else math.inf


def _fit(x: Floats, medians: Floats, limits: Floats) -> Floats:
    """Fit a line between logarithms.

    The problem is convex: censored medians enter or leave the fit until the set no longer changes.

    Returns:
        Slope and intercept, (2,).
    """
    reached = np.isfinite(medians)
    design = np.stack([np.log(x), np.ones_like(x)], 1)
    target = np.log(np.where(reached, medians, limits))
    active = reached.copy()
    seen: set[bytes] = set()
    solution = np.zeros(2)
    while active.tobytes() not in seen:
        seen.add(active.tobytes())
        solution = np.linalg.lstsq(design[active], target[active], rcond=None)[0]
        active = reached | (design @ solution < target)
    return solution
