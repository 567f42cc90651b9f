"""Which generated examples are rejected: those that a classifier takes for another class, that are far from all real ones, or that copy one.

Every threshold is a quantile of what real examples give under the same test: a real example is judged by trees that did not see it, and by its
distance to the other real ones. So a perfect generator loses a few percent of its samples, whatever the data, and a difficult
table does not lose all of its rare class.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.applications.augment.examples import Examples
from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.result.copies import NEAR, near_copies

TREES = 100
DOUBTFUL = 0.05  # share of the real examples of a class that the classifier finds as doubtful as a rejected one
FAR = 0.99  # quantile of real distances to the nearest other example, above which a sample is far outside
LEAST = 20  # real examples that quantiles of distances need
REASONS = ("another class", "far from all real examples", "copy of a real example")


@dataclass(frozen=True)
class Judged:
    """The verdict on generated examples.

    Attributes:
        reasons: (N,) position in `REASONS` of the first reason to reject, -1 for accepted ones.
    """

    reasons: npt.NDArray[np.int64]

    @property
    def accepted(self) -> npt.NDArray[np.bool_]:
        """(N,) whether each is accepted."""
        return self.reasons < 0

    @property
    def rejected(self) -> dict[str, int]:
        """How many were rejected, by reason."""
        return {reason: int((self.reasons == code).sum()) for code, reason in enumerate(REASONS)}


class SampleFilter:
    """Judges generated examples by real ones.

    Distances are left out below 20 real examples; copies also where many real examples are equal, since copies cannot be told from
    coincidences there (`notes` says so).

    Args:
        real: the examples that the generator was trained on.
        seed: of the trees.
    """

    def __init__(self, real: Examples, seed: int) -> None:
        self._features = real.features()
        x = self._features(real)
        self._doubtful = self._fit(x, real, seed)
        self.notes: list[str] = []
        self._real = torch.from_numpy(x)
        self._near, self._far = 0.0, np.inf
        if len(real) < LEAST:
            self.notes.append(f"fewer than {LEAST} real {real.noun}: distances were not judged")
            return
        usual = nearest(self._real, self._real, k=2, within=True)[0]
        self._near, self._far = (float(usual[:, 0].double().quantile(level)) for level in (NEAR, FAR))
        if self._near == 0:
            self.notes.append(
                f"some real {real.noun} are equal, so copies cannot be told from coincidences and were kept"
            )

    def judge(self, samples: Examples) -> Judged:
        """Judge generated examples."""
        x, labels = self._features(samples), samples.labels
        reasons = np.full(len(samples), -1, dtype=np.int64)
        distances = nearest(torch.from_numpy(x), self._real, k=2)[0]
        reasons[near_copies(distances, self._near).numpy()] = 2
        reasons[(distances[:, 0] > self._far).numpy()] = 1
        own = self._own_class(self._forest.predict_proba(x), labels)
        reasons[own < self._doubtful[labels]] = 0
        return Judged(reasons)

    def _fit(self, x: npt.NDArray[Any], real: Examples, seed: int) -> npt.NDArray[np.float64]:
        """(K,) the probability of its class that all but 5 % of a class's real examples have, by trees that did not see them."""
        from sklearn.ensemble import RandomForestClassifier

        self._forest = RandomForestClassifier(TREES, min_samples_leaf=2, oob_score=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Some inputs do not have OOB scores", category=UserWarning)
            self._forest.fit(x, real.labels)
        votes = self._forest.oob_decision_function_
        own = self._own_class(votes, real.labels)
        own[votes.sum(1) == 0] = np.nan  # no tree left the example out
        least = np.zeros(len(real.names))
        for label in range(len(real.names)):
            known = own[(real.labels == label) & np.isfinite(own)]
            if len(known):
                least[label] = np.quantile(known, DOUBTFUL, method="lower")
        return least

    def _own_class(
        self, probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """(N,) the probability of each example's own class; 0 for a class that no real example has."""
        columns = {label: column for column, label in enumerate(self._forest.classes_)}
        padded = np.hstack([probabilities, np.zeros((len(probabilities), 1))])
        found = np.array([columns.get(label, -1) for label in labels], dtype=np.int64)
        own: npt.NDArray[np.float64] = padded[np.arange(len(labels)), found]
        return own
