"""Examples that are unlike the others, by each criterion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from saddlepoint.applications.cluster.points import Points
from saddlepoint.applications.cluster.settings import CRITERIA
from saddlepoint.applications.cluster.subject import Subject


@dataclass(frozen=True)
class Outlier:
    """One of the most unusual examples.

    Attributes:
        criterion: by which it is unusual, a name of `CRITERIA`.
        position: among the examples that were clustered.
        index: in the source.
        name: such as the path of an image.
        score: the higher, the more unusual.
        typical: median score of all examples.
        known_class: name of its class; None if it has none.
    """

    criterion: str
    position: int
    index: int
    name: str
    score: float
    typical: float
    known_class: str | None


def find_outliers(subject: Subject, codes: Points, clusters: int, seed: int, count: int) -> tuple[Outlier, ...]:
    """Return the most unusual examples by each criterion, the most unusual first.

    Args:
        subject: the examples and their model.
        codes: (N, D) of the examples.
        clusters: components of the mixture.
        seed: of its fit.
        count: examples by each criterion.
    """
    found = []
    for criterion, entry in CRITERIA.items():
        scores = np.asarray(entry.function(subject, codes, clusters, seed), np.float64)
        # A score that is not finite belongs to the most unusual examples.
        order = np.argsort(np.where(np.isnan(scores), np.inf, scores), kind="stable")[::-1][:count]
        for position in order.tolist():
            label = -1 if subject.y is None else int(subject.y[position])
            found.append(
                Outlier(
                    criterion,
                    position,
                    int(subject.index[position]),
                    subject.names[position],
                    float(scores[position]),
                    float(np.nanmedian(scores)),
                    subject.classes[label] if label >= 0 else None,
                )
            )
    return tuple(found)
