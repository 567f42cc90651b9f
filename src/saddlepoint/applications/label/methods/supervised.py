"""The baseline: usual classifiers on the labelled examples alone, tuned by cross-validation within them."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from saddlepoint.applications.label.examples import Floats, Labels
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.data.event import Event

Features = npt.NDArray[Any]
FOLDS = 5
MOST_TUNED = 2_000  # labelled examples that settings are compared on; the best is fitted to all of them
TREES = 100


class Supervised(Method):
    """The best of logistic regression, a support vector classifier and a random forest."""

    learns_from_all: ClassVar[bool] = False

    def fit(self, task: Task) -> None:
        self._event = task.event
        known = task.known
        self._classifier = TunedClassifier(len(task.names), task.seed)
        self._classifier.fit(vectors(task.event, task.x)[known], task.labels[known])
        self.note = self._classifier.note

    def posterior(self, x: Tensor) -> Floats:
        return self._classifier.predict_proba(vectors(self._event, x))


class TunedClassifier:
    """A classifier of vectors, chosen with its settings by the accuracy of a cross-validation.

    Args:
        classes: number of classes; all of them are in the labels.
        seed: of folds and forests.
    """

    def __init__(self, classes: int, seed: int) -> None:
        self._classes, self._seed = classes, seed
        self.note = ""
        self.best: Any = None

    def fit(self, features: Features, labels: Labels) -> None:
        """Choose and fit: features (n, F), labels (n,)."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.model_selection import GridSearchCV, StratifiedKFold

        rng = np.random.default_rng(self._seed)
        part = np.arange(len(labels))
        if len(part) > MOST_TUNED:
            part = rng.permutation(part)[:MOST_TUNED]
        fewest = int(np.bincount(labels[part], minlength=self._classes).min())
        searches = []
        for name, model, grid in candidates(features, self._seed):
            if fewest < 2:  # nothing to cross-validate with
                self.best, self.note = model.fit(features, labels), name
                return
            folds = StratifiedKFold(min(FOLDS, fewest), shuffle=True, random_state=self._seed)
            search = GridSearchCV(model, grid, cv=folds, scoring="accuracy", refit=False)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # in some corner of the grid
                search.fit(features[part], labels[part])
            searches.append((float(search.best_score_), name, model, search.best_params_))
        _, name, model, settings = max(searches, key=lambda one: one[0])  # the first of equals
        self.best = model.set_params(**settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.best.fit(features, labels)
        chosen = ", ".join(f"{key} {value:.3g}" for key, value in settings.items())
        self.note = f"{name}{f' with {chosen}' if chosen else ''}"

    def predict_proba(self, features: Features) -> Floats:
        """(M, F) -> (M, K); of a support vector classifier, the softmax of its decision values."""
        return probabilities_of(self.best, features, self._classes)


def candidates(features: Features, seed: int) -> list[tuple[str, Any, dict[str, list[float]]]]:
    """Classifiers by name, with the settings to try on features (n, F)."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    scale = 1 / (features.shape[1] * max(float(features.var()), 1e-12))
    widths = [factor * scale for factor in (0.3, 1.0, 3.0)]
    return [
        ("logistic regression", LogisticRegression(max_iter=500), {"C": [0.01, 0.1, 1.0, 10.0]}),
        ("SVC", SVC(), {"C": [1.0, 10.0, 100.0], "gamma": widths}),
        ("random forest", RandomForestClassifier(TREES, random_state=seed), {}),
    ]


def vectors(event: Event, x: Tensor) -> Features:
    """x (M, *event) in the data's units -> (M, F), standardised."""
    return event.standardised(x).numpy()


def probabilities_of(classifier: Any, features: Features, classes: int) -> Floats:
    """(M, K) of a fitted classifier of scikit-learn; a class that it does not know has probability 0."""
    from scipy.special import softmax

    if hasattr(classifier, "predict_proba"):
        found = np.asarray(classifier.predict_proba(features), dtype=np.float64)
    else:
        values = np.asarray(classifier.decision_function(features), dtype=np.float64)
        found = softmax(values if values.ndim == 2 else np.stack([-values / 2, values / 2], 1), axis=1)
    result = np.zeros((len(features), classes))
    result[:, np.asarray(classifier.classes_, dtype=np.int64)] = found
    return result
