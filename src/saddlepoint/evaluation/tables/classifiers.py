"""The classifiers of published comparisons of generated tables, trained on one table to predict another.

They are logistic regression without a penalty, AdaBoost, a random forest of 28 trees and gradient boosting without a penalty, with
scikit-learn's HistGradientBoosting in place of XGBoost.

References:
    Generating and Imputing Tabular Data via Diffusion and Flow-based Gradient-Boosted Trees (Alexia Jolicoeur-Martineau, Kilian Fatras,
    Tal Kachman, 2024), https://arxiv.org/abs/2309.09968
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
from saddlepoint.evaluation.tables.threads import one_thread

if TYPE_CHECKING:
    import pandas as pd

Labels = npt.NDArray[np.int64]
TREES = 28


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


@one_thread()
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

    column = _check_target(schema, target)
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


def _check_target(schema: Schema, target: str) -> Column:
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
