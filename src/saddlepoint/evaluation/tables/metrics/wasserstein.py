"""The exact 1-Wasserstein distance between generated and held-out rows, with its interval (see `tables.transport`)."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.resampling import half_sampling
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate
from saddlepoint.evaluation.tables.transport import distance_features, rows_wasserstein

MOST_ROWS = 500  # of each set: an assignment costs their third power
REPEATS = 20


def wasserstein(comparison: Comparison) -> Measurement:
    """The distance between at most 500 rows of both sets, 0 or more, in ranges of columns."""
    some = comparison.at_most(MOST_ROWS)
    features = distance_features(some.train, some.schema)
    x, y = (torch.from_numpy(features.encode(frame)) for frame in (some.rows, some.test))

    def statistic(first: Tensor, second: Tensor) -> float:
        return rows_wasserstein(first.numpy(), second.numpy())

    generator = torch.Generator().manual_seed(comparison.seed)
    return Measurement(
        as_estimate(half_sampling(statistic, x, y, generator=generator, repeats=REPEATS, bounds=(0.0, float("inf"))))
    )
