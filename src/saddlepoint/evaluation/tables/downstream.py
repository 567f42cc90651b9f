"""Classifiers that are trained on one table and tested on another: are generated rows as useful as real ones?

The four classifiers are those of published comparisons of generated tables (logistic regression without a penalty, AdaBoost, a random
forest of 28 trees, gradient boosting without a penalty), with scikit-learn's HistGradientBoosting in place of XGBoost.

References:
    Generating and Imputing Tabular Data via Diffusion and Flow-based Gradient-Boosted Trees (Alexia Jolicoeur-Martineau, Kilian Fatras,
    Tal Kachman, 2024), https://arxiv.org/abs/2309.09968
    Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs (Cristóbal Esteban, Stephanie L. Hyland, Gunnar Rätsch,
    2017), https://arxiv.org/abs/1706.02633
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.tables.cells import Floats, column_values
from saddlepoint.evaluation.tables.features import TableFeatures

if TYPE_CHECKING:
    import pandas as pd

Labels = npt.NDArray[np.int64]
TREES = 28


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


@dataclass(frozen=True)
class Predictions:
    """What one classifier predicts for N test rows.

    Attributes:
        model: name of the classifier.
        seed: it was fitted with.
        predicted: (N,) codes.
        classes: (K,) codes that it can predict.
        probabilities: (N, K) of these.
    """

    model: str
    seed: int
    predicted: Labels
    classes: Labels
    probabilities: Floats


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=np.inf, max_iter=500, random_state=seed)


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import AdaBoostClassifier

    return AdaBoostClassifier(random_state=seed)


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=TREES, random_state=seed)


def _gradient_boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=seed)


DOWNSTREAM: dict[str, Callable[[int], Any]] = {
    "logistic": _logistic,
    "boosting": _boosting,
    "forest": _forest,
    "gradient-boosting": _gradient_boosting,
}
"""Classifiers by name: functions of a seed."""


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


def downstream_predictions(
    train: pd.DataFrame,
    test: pd.DataFrame,
    schema: Schema,
    target: str,
    *,
    models: Mapping[str, Callable[[int], Any]] | None = None,
    seeds: int = 1,
    sample_weight: npt.ArrayLike | Literal["balanced"] | None = None,
) -> tuple[tuple[Predictions, ...], Labels]:
    """What classifiers that are trained on one table predict for another.

    Args:
        train, test, schema, target, models, seeds, sample_weight: as of `downstream_scores`.

    Returns:
        The predictions of each classifier and seed, and the true codes (N,) of the test rows whose target is known.

    Raises:
        DataError, SettingError: as `downstream_scores`.
    """
    from sklearn.exceptions import ConvergenceWarning

    column = check_target(schema, target)
    x, y, x_test, y_test, weights = _prepare(train, test, schema, column, sample_weight)
    found = []
    for name, factory in (DOWNSTREAM if models is None else models).items():
        for seed in range(seeds):
            with warnings.catch_warnings():
                # Without a penalty, logistic regression of separable classes does not converge; it classifies all the same.
                warnings.simplefilter("ignore", ConvergenceWarning)
                model = _fit(factory, seed, x, y, weights)
                predicted = np.asarray(model.predict(x_test), np.int64)
                found.append(
                    Predictions(name, seed, predicted, np.asarray(model.classes_), model.predict_proba(x_test))
                )
    return tuple(found), y_test


def macro_f1(truth: Labels, predicted: Labels) -> float:
    """The mean over classes, of either, of the harmonic mean of precision and recall: (N,), (N,) codes -> [0, 1]."""
    k = int(max(truth.max(), predicted.max())) + 1
    hits = np.bincount(truth[truth == predicted], minlength=k)
    occurrences = np.bincount(truth, minlength=k) + np.bincount(predicted, minlength=k)
    present = occurrences > 0
    return float((2 * hits[present] / occurrences[present]).mean())


def check_target(schema: Schema, target: str) -> Column:
    """The column to predict; raises DataError where there is none of that name, or its values are no categories."""
    column = schema.column(target)
    if not column.has_categories:
        raise DataError(
            f"the target {target} is of the kind {column.kind}, and classifiers predict categories; choose another column, or make it "
            "`category` or `ordered` in a schema."
        )
    return column


def _prepare(
    train: pd.DataFrame,
    test: pd.DataFrame,
    schema: Schema,
    column: Column,
    sample_weight: npt.ArrayLike | Literal["balanced"] | None,
) -> tuple[Floats, Labels, Floats, Labels, Floats | None]:
    parts = []
    for frame, name in ((train, "train on"), (test, "test")):
        codes = column_values(frame, column)
        known = ~np.isnan(codes)
        if not known.any():
            raise DataError(f"there are no rows to {name} whose target {column.name} is known.")
        parts.append((frame[known], codes[known].astype(np.int64), known))
    (train, y, known), (test, y_test, _) = parts
    features = TableFeatures(train, schema, without=(column.name,))
    return features.encode(train), y, features.encode(test), y_test, _weights(sample_weight, known, y)


def _weights(
    given: npt.ArrayLike | Literal["balanced"] | None, known: npt.NDArray[np.bool_], y: Labels
) -> Floats | None:
    if given is None:
        return None
    if isinstance(given, str):
        _, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
        return np.asarray(len(y) / (len(counts) * counts[inverse]), np.float64)
    weights = np.asarray(given, np.float64)
    if weights.shape != known.shape:
        raise SettingError(
            f"sample_weight has the shape {weights.shape}; give one weight for each of {len(known):,} rows."
        )
    return weights[known]


def _fit(factory: Callable[[int], Any], seed: int, x: Floats, y: Labels, weights: Floats | None) -> Any:
    from sklearn.dummy import DummyClassifier

    model = factory(seed) if len(np.unique(y)) > 1 else DummyClassifier()
    return model.fit(x, y, sample_weight=weights)


def _auc(found: Predictions, truth: Labels) -> float | None:
    """The mean over classes of the area under the ROC curve; of two classes both areas are equal."""
    from sklearn.metrics import roc_auc_score

    classes = list(found.classes)
    present = np.unique(truth)
    if len(present) < 2 or not set(present) <= set(classes):
        return None
    areas = [roc_auc_score(truth == label, found.probabilities[:, classes.index(label)]) for label in present]
    return float(np.mean(areas))
