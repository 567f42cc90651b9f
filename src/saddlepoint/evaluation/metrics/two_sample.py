"""Classifier two-sample test: if a classifier distinguishes samples from real points better than chance, they differ.

Revisiting Classifier Two-Sample Tests (David Lopez-Paz, Maxime Oquab, 2017). https://arxiv.org/abs/1610.06545
Extremely randomized trees (Pierre Geurts, Damien Ernst, Louis Wehenkel, 2006). https://doi.org/10.1007/s10994-006-6226-1
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
UNDECIDED = 0.5  # the answer of a classifier that cannot tell; half right
TRIALS = 2 / 1.3**2  # independent answers that scatter like those about both points of a pair


@dataclass(frozen=True)
class TwoSampleTest:
    """accuracy: share of points that a classifier, which was not trained on them, classifies correctly, with its interval; 1/2 is
    best, 1 means that all samples are recognised. p_value: one-sided, of this accuracy or more for equal distributions.
    threshold: the accuracy above which that is below 5 %. n: points that were classified, real ones and samples.
    """

    accuracy: Interval
    p_value: float
    threshold: float
    n: int


def classifier_test(
    real: Tensor, fake: Tensor, *, classifier: Classifier = "logistic", folds: int = 5, seed: int = 0
) -> TwoSampleTest:
    """Trains on all folds but one, asks on that one, and so for each; real (N, D) and fake (M, D).

    The larger set is cut, at random, to the size of the smaller, so that a coin is right half of the time. Features are
    brought to mean 0 and deviation 1 by the training folds. A linear classifier ("logistic") sees shifted means alone,
    a small neural network ("network", one hidden layer) and "neighbours" (the square root of N of them, as in the paper)
    see more, given points enough; so do randomised trees ("trees"), which also see how columns depend on each other.
    "regularised" is a linear classifier with small weights, for about as many columns as points.
    Neighbours at equal distances vote together, and an equal vote is half right. Constant features, and equal ones, leave
    the accuracy at 1/2.

    The threshold is the paper's, 1/2 + 1.645 / sqrt(4 n), with n half of the points, as in the paper, where the other
    half trains. Folds ask about all of them, but their classifiers train on each other's points, so the accuracy
    scatters by up to 1.3 times the deviation of so many coins; counting half of them allows for 1.4 times, and the
    interval, for the expected accuracy at these numbers of points, counts 2 / 1.3^2 of n (`TRIALS`).

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
    """The majority of the k nearest training points, and of all others that are as near as the last of these, after
    every feature is brought to mean 0 and deviation 1.

    scikit-learn's takes k of equally near points, in an order that depends on the processor.
    """

    def __init__(self, k: int) -> None:
        self._k = k

    def fit(self, x: npt.NDArray[np.float64], labels: npt.NDArray[np.float64]) -> _Neighbours:
        """x: (N, D). labels: (N,) of 0 and 1."""
        points = torch.from_numpy(x).double()
        scale = points.std(0, correction=0)
        self._mean, self._scale = points.mean(0), torch.where(scale > 0, scale, 1.0)
        self._x, self._labels = (points - self._mean) / self._scale, torch.from_numpy(labels).double()
        return self

    def predict(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """x: (M, D) -> (M,) of 0, 1, and `UNDECIDED` where votes are equal."""
        points = (torch.from_numpy(x).double() - self._mean) / self._scale
        votes = [self._votes(part) for part in torch.split(points, rows_at_once(len(self._x)))]
        return ((torch.cat(votes).sign() + 1) / 2).numpy()

    def _votes(self, x: Tensor) -> Tensor:
        """For label 1 less those for 0: (M,)."""
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
    if classifier == "trees":  # asks for the order of values alone, so scales do not matter
        return ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed)
    if classifier == "network":
        # Early stopping keeps it from learning by heart, and from the warning that it has not converged.
        network = MLPClassifier((64,), early_stopping=True, max_iter=200, n_iter_no_change=10, random_state=seed)
        return make_pipeline(StandardScaler(), network)
    raise DataError(
        f"no two-sample classifier named {classifier!r}: logistic, regularised, network, neighbours or trees."
    )
