"""Missingness: are the same cells missing together, in as many rows, as in real rows?

Each row has a pattern: the set of its columns that are missing. The score is 1 less the total variation distance of the shares of patterns.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.resampling import half_sampling
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate

MOST_ROWS = 5_000
REPEATS = 20


def reason_without_missing(comparison: Comparison) -> str | None:
    """Why there are no patterns to compare, or None."""
    has_any = any(column.has_missing for column in comparison.schema.learnt)
    return None if has_any else "no cell is missing, in real or in generated rows."


def missing_patterns(comparison: Comparison) -> Measurement:
    """The similarity of the shares of patterns, in [0, 1]; parts are columns: 1 less the difference of shares of missing cells."""
    some = comparison.at_most(MOST_ROWS)
    x, y = (np.isnan(some.values(frame)) for frame in (some.rows, some.test))
    _, codes = np.unique(np.concatenate([x, y]), axis=0, return_inverse=True)
    together = torch.from_numpy(codes.reshape(-1))
    k = int(together.max()) + 1

    def statistic(first: Tensor, second: Tensor) -> float:
        shares = [torch.bincount(one, minlength=k).double() / len(one) for one in (first, second)]
        return 1 - float((shares[0] - shares[1]).abs().sum()) / 2

    generator = torch.Generator().manual_seed(comparison.seed)
    interval = half_sampling(
        statistic, together[: len(x)], together[len(x) :], generator=generator, repeats=REPEATS, bounds=(0.0, 1.0)
    )
    each = 1 - np.abs(x.mean(0) - y.mean(0))
    names = [column.name for column in some.schema.learnt]
    parts = [part for part in zip(names, each.tolist(), strict=True) if part[1] < 1]
    return Measurement(as_estimate(interval), tuple(sorted(parts, key=lambda part: part[1])))
