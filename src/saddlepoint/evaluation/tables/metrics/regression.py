"""Usefulness for a numeric target: how well do regressions that are trained on generated rows alone predict
real held-out rows?

The score is the share of the target's variance that is explained, R², averaged over linear regression, a random forest of 28 trees and gradient
boosting; it is below 0 where a constant would do better. The interval is over held-out rows, for the regressions as trained.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.resampling import bootstrap
from saddlepoint.evaluation.tables.cells import column_values
from saddlepoint.evaluation.tables.classifiers import TREES
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate
from saddlepoint.evaluation.tables.features import TableFeatures

MOST_ROWS = 5_000  # to train on, and to test
REPEATS = 200
LEAST = 4  # rows whose target is known


def _linear(seed: int) -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression()


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=TREES, random_state=seed)


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(random_state=seed)


REGRESSIONS: dict[str, Callable[[int], Any]] = {
    "linear": _linear,
    "forest": _forest,
    "gradient-boosting": _boosting,
}
"""Regressions by name: functions of a seed."""


def reason_without_number(comparison: Comparison) -> str | None:
    """Why there is no number to predict, or None."""
    if comparison.target is None or comparison.schema.column(comparison.target).has_categories:
        return "no column of numbers is named as the target to predict (--target COLUMN)."
    column = comparison.schema.column(comparison.target)
    for frame in (comparison.rows, comparison.test, comparison.train):
        if int((~np.isnan(column_values(frame, column))).sum()) < LEAST:
            return f"the target {column.name} is known in fewer than {LEAST} rows of a table."
    if len(np.unique(column_values(comparison.test, column))) < 2:
        return f"the target {column.name} has the same value in all held-out rows."
    return None


def explained_variance(comparison: Comparison) -> Measurement:
    """The mean R² of the regressions, at most 1; parts are regressions."""
    assert comparison.target is not None, "checked by reason_without_number"
    column = comparison.schema.column(comparison.target)
    some = comparison.at_most(MOST_ROWS, of_test=MOST_ROWS)
    features = TableFeatures(some.rows, some.schema, without=(column.name,))
    y, truth = (column_values(frame, column) for frame in (some.rows, some.test))
    known, tested = ~np.isnan(y), ~np.isnan(truth)
    x, x_test = features.encode(some.rows)[known], features.encode(some.test)[tested]
    predicted = {
        name: factory(comparison.seed).fit(x, y[known]).predict(x_test) for name, factory in REGRESSIONS.items()
    }
    answers = torch.from_numpy(np.stack([truth[tested], *predicted.values()], 1))

    def statistic(some_answers: Tensor) -> float:
        errors = (some_answers[:, 1:] - some_answers[:, :1]).square().mean(0)
        return float((1 - errors / _variance(some_answers[:, 0])).mean())

    generator = torch.Generator().manual_seed(comparison.seed)
    interval = bootstrap(statistic, answers, generator=generator, repeats=REPEATS)
    errors = (answers[:, 1:] - answers[:, :1]).square().mean(0) / _variance(answers[:, 0])
    parts = sorted(zip(predicted, (1 - errors).tolist(), strict=True), key=lambda part: part[1])
    return Measurement(as_estimate(interval), tuple(parts))


def _variance(values: Tensor) -> Tensor:
    """The variance, not below what makes a resample of equal values divide by 0."""
    return values.var(correction=0).clamp_min(1e-12 * float(values.square().max()) + 1e-300)
