"""Signs of copying: whether samples are nearer to training examples than to held-out examples.

A model that has learned the distribution, and not its examples, makes samples that are as near to either set: the
nearest real example of a sample is a training example as often as expected by chance, whatever the quality of the
model.

References:
    A Non-Parametric Test to Detect Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy
        Dasgupta,
    2020), https://arxiv.org/abs/2004.05675
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.neighbours import nearest, smallest_squares


def copying_beside_held_out(
    samples: Tensor, training: Tensor, held_out: Tensor, usual: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Signs of copying, by comparison with held-out examples.

    Args:
        samples: (N, d) projected samples.
        training: (M, d) projected training examples.
        held_out: (K, d) projected held-out examples.
        usual: `distance_to_nearest(held_out, training)`, which stays the same over a run; computed where None.

    Returns:
        Three numbers, () each: how much more often than by chance the nearest real example is a training example, 1 where
        it always is; the median distance to the training examples of samples over that of held-out examples, near 0 for
        copies and near 1 for new examples; the share of samples nearer to a training example than 99 % of held-out examples.

    Raises:
        DataError: a sample is not finite.
    """
    to_training = distance_to_nearest(samples, training)
    to_held_out = distance_to_nearest(samples, held_out)
    chance = len(training) / (len(training) + len(held_out))
    # A tie is an example that both sets have: no evidence either way.
    nearer = (to_training < to_held_out).float() + chance * (to_training == to_held_out).float()
    usual = distance_to_nearest(held_out, training) if usual is None else usual
    closest = (to_training < usual.quantile(0.01)).float().mean()
    return (nearer.mean() - chance) / (1 - chance), to_training.median() / usual.median().clamp_min(1e-12), closest


def copying_beside_training(samples: Tensor, training: Tensor, usual: Tensor) -> tuple[Tensor, Tensor]:
    """Signs of copying with too few held-out examples: each training example is compared with all others instead.

    Args:
        samples: (N, d) projected samples.
        training: (M, d) projected training examples.
        usual: `distance_to_others(training)`.

    Returns:
        Two numbers, () each: the median distance to the training examples of samples over that of training examples to each
        other; the share of samples nearer to a training example than 99 % of these are to each other.
    """
    to_training = distance_to_nearest(samples, training)
    return to_training.median() / usual.median().clamp_min(1e-12), (to_training < usual.quantile(0.01)).float().mean()


def distance_to_others(points: Tensor) -> Tensor:
    """Distance from each point to the nearest other one; equal points count once.

    Args:
        points: (M, d).

    Returns:
        (at most M,).
    """
    return smallest_squares(torch.unique(points, dim=0), 1)[:, 0].sqrt()


def standard_error(samples: int, training: int, held_out: int) -> float:
    """Standard error of the first number of `copying_beside_held_out` for new samples, by the binomial distribution.

    It is far above 0.1 for few held-out examples, because the nearest example is then nearly always a training
    example.

    Args:
        samples: number of samples.
        training: number of training examples.
        held_out: number of held-out examples.
    """
    chance = training / (training + held_out)
    return math.sqrt(chance / ((1 - chance) * samples))


def distance_to_nearest(points: Tensor, among: Tensor) -> Tensor:
    """Distance from each point to the nearest point of another set: (N, d), (M, d) -> (N,) on the CPU."""
    return nearest(points, among)[0][:, 0]
