"""The real examples as they are: what every alternative is compared with."""

from __future__ import annotations

from saddlepoint.applications.augment.alternatives.situation import Situation, TrainingSet


def real(situation: Situation) -> TrainingSet:
    """The real examples."""
    return TrainingSet(situation.real)
