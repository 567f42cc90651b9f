"""Classifiers that are trained on one table and tested on another: are generated rows as useful as real ones?

References:
    Generating and Imputing Tabular Data via Diffusion and Flow-based Gradient-Boosted Trees (Alexia Jolicoeur-Martineau, Kilian Fatras,
    Tal Kachman, 2024), https://arxiv.org/abs/2309.09968
    Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs (Cristóbal Esteban, Stephanie L. Hyland, Gunnar Rätsch,
    2017), https://arxiv.org/abs/1706.02633
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.schema import Schema
from saddlepoint.evaluation.tables.classifiers import Labels, Predictions, downstream_predictions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DownstreamScore:
    """How well one classifier predicts the target of test rows.

    Attributes:
        model: name of the classifier.
        seed: it was fitted with.
        accuracy: share of test rows that are classified correctly.
        macro_f1: mean over classes of the harmonic mean of precision and recall; a class that is never predicted has 0.
        auc: area under the ROC curve, of several classes the mean of each against the rest; None where a class of the test rows is not
            among the training rows, or the test rows have one class.
    """

    model: str
    seed: int
    accuracy: float
    macro_f1: float
    auc: float | None


def downstream_scores(
    train: pd.DataFrame,
    test: pd.DataFrame,
    schema: Schema,
    target: str,
    *,
    models: Mapping[str, Callable[[int], Any]] | None = None,
    seeds: int = 1,
    sample_weight: npt.ArrayLike | Literal["balanced"] | None = None,
) -> tuple[DownstreamScore, ...]:
    """Train classifiers on one table and test them on another.

    Inputs are scaled and encoded by the training rows alone: standardised numbers with indicators of missing cells, one-hot categories
    with the rare ones together. Rows whose target is missing are left out. A class that the training rows lack is always an error.

    Args:
        train: rows to train on, real or generated.
        test: real rows.
        schema: of both.
        target: name of a column of categories.
        models: functions of a seed by name; None takes all of `DOWNSTREAM`.
        seeds: how often each classifier is fitted, with seeds 0, 1, ...
        sample_weight: (N,) weights of the training rows; "balanced" gives all classes the same weight.

    Returns:
        A score for each classifier and seed.

    Raises:
        DataError: the target is no column of categories, or there are no rows to train on or to test.
        SettingError: weights are not one for each training row.
    """
    found, truth = downstream_predictions(
        train, test, schema, target, models=models, seeds=seeds, sample_weight=sample_weight
    )
    return tuple(
        DownstreamScore(
            one.model,
            one.seed,
            float((one.predicted == truth).mean()),
            macro_f1(truth, one.predicted),
            _auc(one, truth),
        )
        for one in found
    )


def macro_f1(truth: Labels, predicted: Labels) -> float:
    """The mean over classes, of either, of the harmonic mean of precision and recall: (N,), (N,) codes -> [0, 1]."""
    k = int(max(truth.max(), predicted.max())) + 1
    hits = np.bincount(truth[truth == predicted], minlength=k)
    occurrences = np.bincount(truth, minlength=k) + np.bincount(predicted, minlength=k)
    present = occurrences > 0
    return float((2 * hits[present] / occurrences[present]).mean())


def _auc(found: Predictions, truth: Labels) -> float | None:
    """The mean over classes of the area under the ROC curve; of two classes both areas are equal."""
    from sklearn.metrics import roc_auc_score

    classes = list(found.classes)
    present = np.unique(truth)
    if len(present) < 2 or not set(present) <= set(classes):
        return None
    areas = [roc_auc_score(truth == label, found.probabilities[:, classes.index(label)]) for label in present]
    return float(np.mean(areas))
