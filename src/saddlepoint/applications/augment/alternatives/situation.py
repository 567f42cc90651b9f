"""What an alternative gets, and what it gives: a training set, real or enlarged, for a classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.augment.examples import Examples, Labels


@dataclass(frozen=True)
class Situation:
    """The real training examples of a split, and how many examples of each class are to be added.

    Attributes:
        real: the training examples.
        added: (K,) how many of each class; equal for all alternatives that add examples.
        generate: returns generated examples, `real.counts + added` of each class, class by class; fitted to `real` alone.
        seed: of everything random.
    """

    real: Examples
    added: Labels
    generate: Callable[[], Examples]
    seed: int

    def rng(self, purpose: int) -> np.random.Generator:
        """A generator of random numbers for one purpose."""
        return np.random.default_rng([self.seed, purpose])


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a classifier is trained on.

    Attributes:
        examples: real, generated or both.
        weights: (N,) of the examples; None for equal ones.
    """

    examples: Examples
    weights: npt.NDArray[np.float64] | None = None


def repeated(situation: Situation) -> Examples:
    """`added` real examples of each class; all of a class are taken as often as each other, up to one."""
    rng, labels = situation.rng(1), situation.real.labels
    positions = []
    for label, count in enumerate(situation.added):
        members = np.flatnonzero(labels == label)
        rounds = (
            [rng.permutation(members) for _ in range(-(-int(count) // max(1, len(members))))] if len(members) else []
        )
        positions.append(np.concatenate([*rounds, np.empty(0, dtype=np.int64)])[:count])
    return situation.real.take(np.concatenate(positions))
