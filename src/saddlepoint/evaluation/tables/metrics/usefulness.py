"""Usefulness: how well do classifiers that are trained on generated rows alone predict real held-out rows?

The score is the macro-F1 (mean over classes) on held-out rows, averaged over the four of `tables.classifiers`. The classifiers of
all generators are trained on equally many rows. The interval is over held-out rows, for the classifiers as trained.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.resampling import bootstrap
from saddlepoint.evaluation.tables.classifiers import downstream_predictions
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate
from saddlepoint.evaluation.tables.downstream import macro_f1

MOST_ROWS = 5_000  # to train on
MOST_TEST_ROWS = 5_000
REPEATS = 200


def reason_without_target(comparison: Comparison) -> str | None:
    """Why there is nothing to predict, or None."""
    if comparison.target is None or not comparison.schema.column(comparison.target).has_categories:
        return "no column of categories is named as the target to predict (--target COLUMN)."
    return None


def usefulness(comparison: Comparison) -> Measurement:
    """The mean macro-F1 of the classifiers, in [0, 1]; parts are classifiers."""
    assert comparison.target is not None, "checked by reason_without_target"
    some = comparison.at_most(MOST_ROWS, of_test=MOST_TEST_ROWS)
    found, truth = downstream_predictions(some.rows, some.test, some.schema, comparison.target)
    answers = torch.from_numpy(np.stack([truth, *(one.predicted for one in found)], 1))

    def statistic(some_answers: Tensor) -> float:
        columns = some_answers.numpy().T
        return float(np.mean([macro_f1(columns[0], column) for column in columns[1:]]))

    generator = torch.Generator().manual_seed(comparison.seed)
    interval = bootstrap(statistic, answers, generator=generator, repeats=REPEATS)
    parts = ((one.model, macro_f1(truth, one.predicted)) for one in found)
    return Measurement(as_estimate(interval), tuple(sorted(parts, key=lambda part: part[1])))
