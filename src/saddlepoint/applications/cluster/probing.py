"""Probes: what simple classifiers can read from a representation of held-out examples.

A probe is trained on labelled examples of the training part and tested on held-out ones, which the model has not seen. A linear probe shows
which classes hyperplanes separate, and nearest neighbours which classes lie together.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.applications.cluster.points import Labels, Points, check_points
from saddlepoint.applications.cluster.settings import CODES, REPRESENTATIONS
from saddlepoint.applications.cluster.subject import Subject
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval, wilson_interval

NEIGHBOURS = 5
LEAST = 10  # examples on either side, below which there are no probes
SHARE = 0.2  # that is tested where nothing was held out
Right = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Probe:
    """Accuracy of a probe on one representation.

    Attributes:
        accuracy: on the test examples.
        difference: of codes to this representation, on the same examples; None for codes themselves.
    """

    accuracy: Interval
    difference: Interval | None


@dataclass(frozen=True)
class Probes:
    """Accuracies of all probes on all representations.

    Attributes:
        scores: by probe and representation.
        trained, tested: examples.
        chance: accuracy of always the most frequent class of the training examples.
        note: which examples were tested.
    """

    scores: Mapping[str, Mapping[str, Probe]]
    trained: int
    tested: int
    chance: float
    note: str


def linear(x: Points, y: Labels, test: Points) -> Labels:
    """Predict classes by a logistic regression on standardised numbers.

    Args:
        x: (N, D) training points.
        y: (N,) their classes.
        test: (M, D).

    Returns:
        (M,) classes.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x, y)
    return np.asarray(fitted.predict(test), np.int64)


def neighbours(x: Points, y: Labels, test: Points) -> Labels:
    """Predict classes by the majority of the five nearest training points; arguments as for `linear`."""
    from sklearn.neighbors import KNeighborsClassifier

    fitted = KNeighborsClassifier(min(NEIGHBOURS, len(x))).fit(x, y)
    return np.asarray(fitted.predict(test), np.int64)


PROBES: dict[str, Callable[[Points, Labels, Points], Labels]] = {"linear": linear, "k-nn": neighbours}


def measure_probes(subject: Subject, seed: int) -> Probes | None:
    """Train and test all probes on all representations.

    Args:
        subject: with labels.
        seed: of the split where no example was held out.

    Returns:
        The accuracies; None where a side has fewer than ten labelled examples, or training examples have one class.
    """
    if subject.y is None:
        return None
    train, test, note = split_for_probes(subject, seed)
    if min(len(train), len(test)) < LEAST or len(np.unique(subject.y[train])) < 2:
        return None
    first, second = subject.take(train), subject.take(test)
    assert first.y is not None
    assert second.y is not None
    right: dict[str, dict[str, Right]] = {name: {} for name in PROBES}
    for representation, entry in REPRESENTATIONS.items():
        transform = entry.function(first, first.x)
        points, others = (check_points(transform(some.x), entry.title) for some in (first, second))
        for name, probe in PROBES.items():
            right[name][representation] = probe(points, first.y, others) == second.y
    most = np.bincount(first.y).argmax()
    scores = {name: _scores(some) for name, some in right.items()}
    return Probes(scores, len(train), len(test), float((second.y == most).mean()), note)


def split_for_probes(subject: Subject, seed: int) -> tuple[Labels, Labels, str]:
    """Positions of labelled examples to train and to test on, and a sentence on where they are from."""
    if subject.y is None:
        raise SettingError("cluster: probes need labels, and these data have none.")
    labelled = np.flatnonzero(subject.y >= 0)
    held = np.array([part == "held-out" for part in subject.parts], dtype=bool)
    if held[labelled].any() and not held[labelled].all():
        return (
            labelled[~held[labelled]],
            labelled[held[labelled]],
            "Tested on held-out examples, which the model was not trained on.",
        )
    shuffled = np.random.default_rng([seed, 4]).permutation(labelled)
    tested = round(SHARE * len(shuffled))
    seen = "has not seen any of" if held.all() else "was trained on all of"
    return (
        np.sort(shuffled[tested:]),
        np.sort(shuffled[:tested]),
        f"Tested on a random fifth of these examples; the model {seen} them.",
    )


def _scores(right: Mapping[str, Right]) -> dict[str, Probe]:
    codes = right[CODES]
    found: dict[str, Any] = {}
    for name, some in right.items():
        difference = None
        if name != CODES:
            difference = mean_interval(torch.from_numpy(codes.astype(np.float64) - some))
        found[name] = Probe(wilson_interval(int(some.sum()), len(some)), difference)
    return found
