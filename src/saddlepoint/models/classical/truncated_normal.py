"""Normal distributions truncated to an interval, which may be unbounded: their mass and draws, in double precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Numbers = npt.NDArray[np.float64]
LEAST = 1e-12  # of the uniform numbers, so that no draw is infinite
TINY = 1e-300


def interval_mass(low: Numbers, high: Numbers) -> Numbers:
    """The probability that a standard normal number is in an interval.

    Both ends are reflected where they are above 0, so that no digits are lost.

    Args:
        low, high: (N,) with low <= high; may be infinite.

    Returns:
        (N,) in [1e-300, 1], so that its logarithm is finite.
    """
    flip = low > 0
    return np.asarray(np.maximum(ndtr(np.where(flip, -low, high)) - ndtr(np.where(flip, -high, low)), TINY))


def draw_truncated(uniform: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """Standard normal numbers in [low, high].

    Args:
        uniform: (N,) in [0, 1).
        low, high: (N,) with low <= high; may be infinite.

    Returns:
        (N,), increasing in `uniform` where low is at most 0, and decreasing elsewhere.
    """
    flip = low > 0
    first, last = np.where(flip, -high, low), np.where(flip, -low, high)
    start = ndtr(first)
    drawn = ndtri(start + np.clip(uniform, LEAST, 1 - LEAST) * (ndtr(last) - start))
    drawn = np.clip(drawn, first, last)
    return np.asarray(np.where(flip, -drawn, drawn))
