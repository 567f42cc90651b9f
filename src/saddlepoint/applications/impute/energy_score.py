"""The energy score: how well draws of a missing part agree with its true value, in place and in spread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def energy_scores(drawn: Array, truth: Array, distance: Callable[[Array, Array], Array]) -> npt.NDArray[np.float64]:
    """E|x - y| - E|x - x'| / 2 for draws x, x' and the truth y, without bias in the number of draws.

    It is lowest on average for draws from the true distribution.

    Args:
        drawn: (m, N, ...) draws of N parts; of a single draw the score is its distance from the truth.
        truth: (N, ...).
        distance: (m, N, ...) and (N, ...) -> (m, N).

    Returns:
        (N,).

    References:
        Strictly Proper Scoring Rules, Prediction, and Estimation (Gneiting, Raftery, 2007),
        https://doi.org/10.1198/016214506000001437.
    """
    m = len(drawn)
    error = distance(drawn, truth).mean(0, dtype=np.float64)
    if m == 1:
        return np.asarray(error)
    apart = sum(distance(drawn, one).sum(0, dtype=np.float64) for one in drawn) / (m * (m - 1))
    return np.asarray(error - apart / 2)
