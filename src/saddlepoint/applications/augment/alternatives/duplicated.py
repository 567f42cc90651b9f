"""Real examples repeated, as many as are generated: separates what new examples give from what more, or balanced, examples give."""

from __future__ import annotations

from saddlepoint.applications.augment.alternatives.situation import Situation, TrainingSet, repeated


def duplicated(situation: Situation) -> TrainingSet:
    """The real examples and repetitions of them."""
    return TrainingSet(situation.real.join(repeated(situation)))
