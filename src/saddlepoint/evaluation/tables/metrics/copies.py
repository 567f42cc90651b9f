"""Copies: are generated rows nearer to training rows than to other real rows?

The share of generated rows whose nearest training row is nearer than the nearest of equally many held-out rows is 1/2 for rows that are no
copies; with unequal numbers of rows it would be another share. It finds copies, and is no test of privacy: generated rows can reveal who was
trained on although none of them is a copy (see `membership`).

References:
    The DCR Delusion: Measuring the Privacy Risk of Synthetic Data (Zexi Yao, Nataša Krčo, Georgi Ganev, Yves-Alexandre de Montjoye, 2025),
    https://arxiv.org/abs/2505.01524
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.statistics.intervals import wilson_interval
from saddlepoint.evaluation.statistics.resampling import half_sampling
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate, choose_rows
from saddlepoint.evaluation.tables.features import TableFeatures

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1_000
MOST_COMPARED = 20_000  # rows that are looked up among the training rows
REPEATS = 20
LEAST = 8  # rows of each set


def reason_without_held_out(comparison: Comparison) -> str | None:
    """Why nothing can be said of copies or members, or None."""
    if not comparison.is_held_out:
        return "it needs real rows that the generator has not seen (--test TABLE; of a run, --data.held_out)."
    if len(comparison.test) < 4 * LEAST:
        return f"it needs {4 * LEAST} held-out rows or more, and there are {len(comparison.test)}."
    return None


def copy_check(comparison: Comparison) -> Measurement:
    """The share of rows that are nearer to a training row than to a held-out row; equal distances count half."""
    rng = np.random.default_rng(comparison.seed)
    n = min(len(comparison.train), len(comparison.test), MOST_ROWS)
    rows = choose_rows(comparison.rows, MOST_ROWS, rng)
    people = [choose_rows(frame, n, rng) for frame in (comparison.train, comparison.test)]
    # Fitted to both sides: otherwise the share of rows that are no copies is not 1/2.
    features = TableFeatures(people, comparison.schema)
    x, train, test = (torch.from_numpy(features.encode(frame)) for frame in (rows, *people))

    def statistic(rows: Tensor, members: Tensor, others: Tensor) -> float:
        near, far = nearest(rows, members)[0][:, 0], nearest(rows, others)[0][:, 0]
        return float(((near < far).double() + 0.5 * (near == far).double()).mean())

    generator = torch.Generator().manual_seed(comparison.seed)
    interval = half_sampling(statistic, x, train, test, generator=generator, repeats=REPEATS, bounds=(0.0, 1.0))
    return Measurement(as_estimate(interval))


def exact_copies(comparison: Comparison) -> Measurement:
    """The share of rows that are equal to a training row in every learnt column.

    Without held-out rows, the generator may have seen both parts of the real rows, and copies of either count.
    """
    rows = choose_rows(comparison.rows, MOST_COMPARED, np.random.default_rng(comparison.seed))
    # Every training row: copies of those left out would not be counted.
    seen = (comparison.train,) if comparison.is_held_out else (comparison.train, comparison.test)
    known = set().union(*(_keys(comparison, frame) for frame in seen))
    copied = sum(key in known for key in _keys(comparison, rows))
    return Measurement(as_estimate(wilson_interval(copied, len(rows))))


def _keys(comparison: Comparison, frame: pd.DataFrame) -> list[bytes]:
    """Equal for rows that are equal in every learnt column; adding 0 makes -0 equal to 0."""
    values = np.nan_to_num(comparison.values(frame), nan=-np.inf) + 0.0
    return [row.tobytes() for row in np.ascontiguousarray(values)]
