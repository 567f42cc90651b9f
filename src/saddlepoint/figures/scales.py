"""Axes of curves: choice of scale, ticks, and smoothing of noisy series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["linear", "log", "symlog"]
FEWEST_TICKS, MOST_TICKS = 3, 9


def choose_scale(values: Sequence[NDArray[np.float64]], *, of_quality: bool = False) -> Scale:
    """The scale that suits the values: linear, unless a few are much larger; then log if all are above 0, otherwise
    symlog.

    Such values come from a divergence, or from an untrained model.

    Args:
        values: (N,) of each line.
        of_quality: whether they are a quality series, for which large values are the first ones.
    """
    finite = np.concatenate([v[np.isfinite(v)] for v in values] or [np.zeros(0)])
    sizes = np.abs(finite)
    sizes = sizes[sizes > 0]
    if len(sizes) == 0:
        return "linear"
    share, factor = (0.5, 30.0) if of_quality else (0.75, 1e3)
    if not sizes.max() > factor * np.quantile(sizes, share):
        return "linear"
    return "log" if of_quality and bool((finite > 0).all()) else "symlog"


def log_ticks(low: float, high: float) -> list[float]:
    """Ticks of a log axis: powers of ten, with 2 and 5 between them for fewer than two decades; at least three.

    Args:
        low: lowest value, above 0.
        high: highest value.

    Returns:
        Ticks in ascending order; the first and the last enclose the values.
    """
    mantissas = (1, 2, 5) if high < 100 * low else (1,)
    first = math.floor(math.log10(low)) - 1
    last = math.ceil(math.log10(high)) + 1
    known = [float(f"{mantissa}e{power}") for power in range(first, last + 1) for mantissa in mantissas]
    start = max((place for place, tick in enumerate(known) if 0 < tick <= low), default=0)
    end = min((place for place, tick in enumerate(known) if tick >= high), default=len(known) - 1)
    if end - start < FEWEST_TICKS - 1:
        start, end = start - 1, end + (start == end)
    stride = max(1, -(-(end - start) // (MOST_TICKS - 1)))
    # Backwards, so that the last tick encloses the values; the first may then be one that is left out.
    ticks = known[end::-stride] if start == 0 else known[end : start - 1 : -stride]
    return sorted({known[start], *ticks})


def tick_label(tick: float) -> str:
    """The label of a tick, such as "0.001", "20" or "1e-06"."""
    return f"{tick:g}"


def linear_threshold(values: Sequence[NDArray[np.float64]]) -> float:
    """Half the width of the linear part of a symlog axis: the lower quartile of the absolute values."""
    sizes = np.abs(np.concatenate([v[np.isfinite(v)] for v in values]))
    return float(np.quantile(sizes[sizes > 0], 0.25))


def symlog(values: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Positions on a symlog axis: linear up to +-`threshold` (at +-1), then 1 for each decade. NaN stays."""
    sizes = np.abs(values) / threshold
    return np.sign(values) * np.where(sizes <= 1, sizes, 1 + np.log10(np.maximum(sizes, 1)))


def symlog_ticks(values: NDArray[np.float64], threshold: float) -> list[float]:
    """Ticks of a symlog axis: 0 and powers of ten beyond the threshold, at most about six on each side."""
    finite = values[np.isfinite(values)]
    ticks = [0.0]
    for sign in (-1, 1):
        largest = float((sign * finite).max(initial=0.0))
        first = int(np.ceil(np.log10(threshold)))
        last = int(np.floor(np.log10(largest))) if largest > threshold else first - 1
        ticks += [sign * 10.0**power for power in range(first, last + 1, max(last - first, 0) // 6 + 1)]
    return sorted(ticks)


def running_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Centred running mean over finite entries; NaN without any.

    Args:
        values: (N,).
        window: entries of a mean.

    Returns:
        (N,).
    """
    finite = np.isfinite(values)
    kernel = np.ones(window)
    # Scaled to at most 1 first, so that the sum of huge values cannot overflow.
    largest = float(np.abs(values[finite]).max()) if finite.any() else 0.0
    largest = largest or 1.0
    sums = np.convolve(np.where(finite, values, 0.0) / largest, kernel, mode="full")
    counts = np.convolve(finite.astype(np.float64), kernel, mode="full")
    start = (window - 1) // 2
    sums, counts = sums[start : start + len(values)], counts[start : start + len(values)]
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0.5)
    return means * largest


def smoothing_window(n: int) -> int:
    """Window of the running mean of `n` entries: 1 (none) below 30, otherwise about n / 25 and odd."""
    return 1 if n < 30 else max(3, n // 25 | 1)
