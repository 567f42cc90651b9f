"""Classifier two-sample test: two distributions differ if a classifier distinguishes their samples better than chance.

References:
    Revisiting Classifier Two-Sample Tests (David Lopez-Paz, Maxime Oquab, 2017), https://arxiv.org/abs/1610.06545
    Extremely randomized trees (Pierre Geurts, Damien Ernst, Louis Wehenkel, 2006),
    https://doi.org/10.1007/s10994-006-6226-1
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.points import check_pair
from saddlepoint.evaluation.metrics.squared_distances import precise_squares, rows_at_once
from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval

Classifier = Literal["logistic", "network", "neighbours", "trees", "regularised"]
TREES = 50
UNDECIDED = 0.5  # a tied vote, which counts as half correct
TRIALS = 2 / 1.3**2  # independent answers with the variance of those about both points of a pair


@dataclass(frozen=True)
class TwoSampleTest:
    """Result of a classifier two-sample test.

    Attributes:
        accuracy: share of points that are classified correctly by a classifier trained on others; 1/2 is best, and 1
            means that all samples are recognised.
        p_value: one-sided probability of this accuracy or more for equal distributions.
        threshold: accuracy above which the p-value is below 5 %.
        n: points that were classified, real points and samples together.
    """

    accuracy: Interval
    p_value: float
    threshold: float
    n: int


def classifier_test(
    real: Tensor, fake: Tensor, *, classifier: Classifier = "logistic", folds: int = 5, seed: int = 0
) -> TwoSampleTest:
    """Test by cross-validation whether a classifier distinguishes samples from real points.

    The larger set is reduced, at random, to the size of the smaller one, so that chance accuracy is 1/2. Features are
    standardised by the training folds. Classifiers:

    - "logistic": linear, sensitive to shifted means alone.
    - "network" (one hidden layer) and "neighbours" (the square root of N of them, as in the paper): more sensitive
      with many points.
    - "trees": randomised trees, sensitive also to dependence between columns.
    - "regularised": linear with small weights, for about as many columns as points.

    Neighbours at equal distances vote together, and a tied vote is half correct. Constant or equal features give an
    accuracy of 1/2.

    The threshold is the paper's, 1/2 + 1.645 / sqrt(4 n), where n is half of the points because the other half trains.
    Cross-validation classifies all points, but its classifiers train on each other's points, so the standard deviation
    of the accuracy is up to 1.3 times that of independent answers. Counting half of the points allows for 1.4 times.
    The interval, for the expected accuracy at this number of points, counts 2 / 1.3^2 of n (`TRIALS`).

    Args:
        real: (N, D) points.
        fake: (M, D) samples.
        classifier: its kind.
        folds: of the cross-validation.
        seed: of the subset, the folds and the classifier.

    Raises:
        DataError: fewer points than twice the folds in a set, unequal numbers of features, NaN or infinite values.
    """
    real, fake = check_pair(real, fake, least=2 * folds)
    from sklearn.model_selection import StratifiedKFold  # most of a second to import

    generator = torch.Generator().manual_seed(seed)
    n = min(len(real), len(fake))
    x = torch.cat([part[torch.randperm(len(part), generator=generator)[:n]] for part in (real, fake)]).numpy()
    labels = torch.cat([torch.ones(n), torch.zeros(n)]).numpy()
    right = 0.0
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(x, labels):
        model = _model(classifier, len(train), seed).fit(x[train], labels[train])
        answers = model.predict(x[test])
        right += float((answers == labels[test]).sum() + (answers == UNDECIDED).sum() / 2)
    accuracy = right / (2 * n)
    score = (accuracy - 0.5) * math.sqrt(4 * n)  # of n of the 2 n points
    p_value = math.erfc(score / math.sqrt(2)) / 2
    return TwoSampleTest(
        wilson_interval(accuracy * TRIALS * n, TRIALS * n), p_value, 0.5 + 1.6449 / math.sqrt(4 * n), 2 * n
    )


class _Neighbours:
    """The majority vote of the k nearest training points and of all others at the distance of the last of these.

    Features are standardised. The classifier of scikit-learn breaks ties in an order that depends on the processor.
    """

    def __init__(self, k: int) -> None:
        self._k = k

    def fit(self, x: npt.NDArray[np.float64], labels: npt.NDArray[np.float64]) -> _Neighbours:
        """Store the training points x (N, D) with labels (N,) of 0 and 1."""
        points = torch.from_numpy(x).double()
        scale = points.std(0, correction=0)
        self._mean, self._scale = points.mean(0), torch.where(scale > 0, scale, 1.0)
        self._x, self._labels = (points - self._mean) / self._scale, torch.from_numpy(labels).double()
        return self

    def predict(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Predict labels: x (M, D) -> (M,) of 0, 1, and `UNDECIDED` for tied votes."""
        points = (torch.from_numpy(x).double() - self._mean) / self._scale
        votes = [self._votes(part) for part in torch.split(points, rows_at_once(len(self._x)))]
        return ((torch.cat(votes).sign() + 1) / 2).numpy()

    def _votes(self, x: Tensor) -> Tensor:
        """Votes for label 1 minus votes for label 0, (M,)."""
        squares, slack = precise_squares(x, self._x)
        last = squares.kthvalue(self._k, dim=1).values
        return (squares <= last[:, None] + slack).double() @ (2 * self._labels - 1)


def _model(classifier: Classifier, n: int, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if classifier == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    if classifier == "regularised":
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1_000))
    if classifier == "neighbours":
        return _Neighbours(int(n**0.5) | 1)
    if classifier == "trees":  # depends on the order of values alone, not on scales
        return ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed)
    if classifier == "network":
        # Early stopping keeps it from learning by heart, and from the warning that it has not converged.
        network = MLPClassifier((64,), early_stopping=True, max_iter=200, n_iter_no_change=10, random_state=seed)
        return make_pipeline(StandardScaler(), network)
    raise DataError(
        f"no two-sample classifier named {classifier!r}: logistic, regularised, network, neighbours or trees."
    )
