"""Self-training: the tuned classifier labels examples that it is confident of, and is fitted again to these as well.

References:
    Unsupervised Word Sense Disambiguation Rivaling Supervised Methods (David Yarowsky, 1995), https://doi.org/10.3115/981658.981684
"""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from torch import Tensor

from saddlepoint.applications.label.examples import Floats
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.applications.label.methods.supervised import TunedClassifier, probabilities_of, vectors

ROUNDS = 5
SHARE = 0.1  # of the unlabelled examples that each round adds, the most confident ones of each class
MOST = 5_000  # examples that are fitted to, because support vector classifiers and forests slow down


class SelfTraining(Method):
    """In each round the most confident unlabelled examples of each predicted class get that class for the next fit."""

    def fit(self, task: Task) -> None:
        self._event, self._classes = task.event, len(task.names)
        features = vectors(task.event, task.x)
        known = task.known
        tuned = TunedClassifier(self._classes, task.seed)
        tuned.fit(features[known], task.labels[known])
        self.note = f"from {tuned.note}"
        self._classifier = tuned.best
        unlabelled = np.setdiff1d(np.arange(len(features)), known)
        if not len(unlabelled):
            return
        for number in range(1, ROUNDS + 1):
            found = probabilities_of(self._classifier, features[unlabelled], self._classes)
            guess, confidence = found.argmax(1), found.max(1)
            count = min(int(np.ceil(SHARE * number * len(unlabelled))), MOST)
            added = []
            for code in range(self._classes):
                own = np.flatnonzero(guess == code)
                share = round(count * len(own) / len(unlabelled))  # as often as it is predicted
                added.append(own[np.argsort(-confidence[own], kind="stable")][:share])
            chosen = np.concatenate(added)
            self._classifier = clone(self._classifier).fit(
                np.concatenate([features[known], features[unlabelled[chosen]]]),
                np.concatenate([task.labels[known], guess[chosen]]),
            )

    def posterior(self, x: Tensor) -> Floats:
        return probabilities_of(self._classifier, vectors(self._event, x), self._classes)
