"""Examples of a conditional model, fitted to the training examples of the split: beside the real ones, and in place of them."""

from __future__ import annotations

import numpy as np

from saddlepoint.applications.augment.alternatives.situation import Situation, TrainingSet


def real_and_generated(situation: Situation) -> TrainingSet:
    """The real examples and `added` generated ones of each class."""
    generated = situation.generate()
    some = [np.flatnonzero(generated.labels == label)[:count] for label, count in enumerate(situation.added)]
    return TrainingSet(situation.real.join(generated.take(np.concatenate(some))))


def generated_only(situation: Situation) -> TrainingSet:
    """As many generated examples of each class as the enlarged training sets have in all."""
    return TrainingSet(situation.generate())
