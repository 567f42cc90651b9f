"""Column shapes: is each column distributed as in real rows, without regard to the others?

Numbers and dates: 1 less the Kolmogorov-Smirnov distance, the largest difference of the distribution functions, where a missing cell counts as
a value below all others. Categories: 1 less the total variation distance, half the sum of differences of shares, where missing is a
category. The score is the mean over columns. Its expectation for real rows is below 1, and rises with their number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.resampling import half_sampling
from saddlepoint.evaluation.tables.cells import Floats
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate

MOST_ROWS = 5_000
REPEATS = 20


def column_shapes(comparison: Comparison) -> Measurement:
    """The mean over columns of the similarity of distributions, in [0, 1]; parts are columns."""
    some = comparison.at_most(MOST_ROWS)
    columns = some.schema.learnt
    is_category = np.array([column.has_categories for column in columns])
    x, y = (torch.from_numpy(some.values(frame)) for frame in (some.rows, some.test))

    def statistic(first: Tensor, second: Tensor) -> float:
        return float(column_similarities(first.numpy(), second.numpy(), is_category).mean())

    generator = torch.Generator().manual_seed(comparison.seed)
    interval = half_sampling(statistic, x, y, generator=generator, repeats=REPEATS, bounds=(0.0, 1.0))
    each = column_similarities(x.numpy(), y.numpy(), is_category)
    parts = sorted(zip((column.name for column in columns), each.tolist(), strict=True), key=lambda part: part[1])
    return Measurement(as_estimate(interval), tuple(parts))


def column_similarities(x: Floats, y: Floats, is_category: npt.NDArray[np.bool_]) -> Floats:
    """One less the Kolmogorov-Smirnov or the total variation distance of each column: x (N, C), y (M, C) -> (C,)."""
    result = np.empty(x.shape[1])
    for place, category in enumerate(is_category):
        a, b = np.nan_to_num(x[:, place], nan=-np.inf), np.nan_to_num(y[:, place], nan=-np.inf)
        values = np.unique(np.concatenate([a, b]))
        counts = [np.searchsorted(np.sort(some), values, side="right") / len(some) for some in (a, b)]
        difference = counts[0] - counts[1]
        # Of categories the shares are the steps of the distribution functions.
        distance = np.abs(np.diff(difference, prepend=0.0)).sum() / 2 if category else np.abs(difference).max()
        result[place] = 1 - distance
    return result
