"""Detection: can a classifier distinguish generated rows from real ones that it was not trained on?

The score is the area under the ROC curve of cross-validated predictions: .5 where it cannot, 1 where it always can. Logistic
regression finds shifted means and shares only, gradient boosting far more. Every classifier misses some differences: an area of .5 is no
proof that rows are real.

References:
    Revisiting Classifier Two-Sample Tests (David Lopez-Paz, Maxime Oquab, 2017), https://arxiv.org/abs/1610.06545
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from saddlepoint.evaluation.statistics.roc import auc_interval
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate
from saddlepoint.evaluation.tables.features import TableFeatures

MOST_ROWS = 1_000  # of each set
FOLDS = 5
WIDENING = 1.3  # cross-validated answers depend on each other (see `metrics.two_sample`)


def detection_by_logistic(comparison: Comparison) -> Measurement:
    """The area under the ROC curve of logistic regression, in [0, 1]."""
    return _detect(comparison, _logistic)


def detection_by_boosting(comparison: Comparison) -> Measurement:
    """The area under the ROC curve of gradient-boosted trees, in [0, 1]."""
    return _detect(comparison, _boosting)


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1_000, random_state=seed)


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=15, min_samples_leaf=10, random_state=seed)


def _detect(comparison: Comparison, factory: Callable[[int], Any]) -> Measurement:
    import pandas as pd
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold

    some = comparison.at_most(MOST_ROWS)
    both = pd.concat([some.rows, some.test], ignore_index=True)
    labels = np.repeat([1, 0], [len(some.rows), len(some.test)])
    scores = np.empty(len(labels))
    folds = StratifiedKFold(min(FOLDS, int(np.bincount(labels).min())), shuffle=True, random_state=comparison.seed)
    for train, test in folds.split(labels, labels):
        # Of the training folds alone, so that the categories of the test fold reveal nothing.
        features = TableFeatures(both.iloc[train], some.schema)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = factory(comparison.seed).fit(features.encode(both.iloc[train]), labels[train])
        scores[test] = model.predict_proba(features.encode(both.iloc[test]))[:, 1]
    positive, negative = (torch.from_numpy(scores[labels == label]) for label in (1, 0))
    return Measurement(as_estimate(auc_interval(positive, negative, widening=WIDENING)))
