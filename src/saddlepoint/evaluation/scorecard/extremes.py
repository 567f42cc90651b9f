"""The samples to inspect beside the scores: those nearest to a training example, and those farthest from any example.

Copies appear among the nearest pairs and failures among the farthest; no number says as much about either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets

SHOWN = 10
SEARCHED = 1_000  # of the nearest samples, for those next to different examples


@dataclass(frozen=True)
class Pairs:
    """Samples with their nearest examples.

    Attributes:
        samples, examples: (K, *event) in the data's own units and type.
        distance: (K,) of each sample to its example, in features.
    """

    samples: Tensor
    examples: Tensor
    distance: Tensor


@dataclass(frozen=True)
class Extremes:
    """The nearest and the farthest samples.

    Attributes:
        features: the name of the features in which distances are measured.
        number: of samples that were searched.
        nearest: the samples nearest to a training example, nearest first, no example twice.
        farthest: the samples farthest from every example, held-out ones too, farthest first.
        honest: median distance of held-out examples to their nearest training example; None without held-out ones.
    """

    features: str
    number: int
    nearest: Pairs
    farthest: Pairs
    honest: float | None


def extremes(sets: FeatureSets, samples: Tensor, train: Tensor, real: Tensor, *, shown: int = SHOWN) -> Extremes:
    """The extremes among the samples of the first seed.

    Args:
        sets: all points, in the order of the examples below.
        samples: (M, *event) of the first seed.
        train: (N, *event) training examples.
        real: (R, *event) the reference.
        shown: pairs of each kind, at most.
    """
    context, fake = sets.context, sets.fakes[0]
    distance = fake.distance
    if distance is None:
        distance = nearest(fake.features, context.train.features)[0][:, 0]
    order = distance.argsort(stable=True)[:SEARCHED]
    beside_near = nearest(fake.features[order], context.train.features)[1][:, 0]
    once = _firsts(beside_near)[:shown]
    near = order[once]
    distance_real, index_real = (column[:, 0] for column in nearest(fake.features, context.real.features))
    either = torch.minimum(distance, distance_real)
    far = either.argsort(descending=True, stable=True)[:shown]
    beside_far = train[nearest(fake.features[far], context.train.features)[1][:, 0]]
    held_out = (distance_real < distance)[far]
    beside_far[held_out] = real[index_real[far[held_out]]]
    honest = context.real.distance
    return Extremes(
        features=sets.name,
        number=len(samples),
        nearest=Pairs(samples[near], train[beside_near[once]], distance[near]),
        farthest=Pairs(samples[far], beside_far, either[far]),
        honest=None if honest is None else float(honest.median()),
    )


def _firsts(values: Tensor) -> Tensor:
    """Where each value of (N,) appears first: positions, ascending."""
    _, positions = np.unique(values.numpy(), return_index=True)
    return torch.from_numpy(np.sort(positions))
