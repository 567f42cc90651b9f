"""Whether samples are copies of training examples: are they nearer to those than to examples that were held out?

A model that has learnt the distribution, and not its examples, cannot tell the two apart. So the nearest real example of
a sample is a training example as often as its set's size says, whatever the model's quality.

A Non-Parametric Test to Detect Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy Dasgupta,
2020), https://arxiv.org/abs/2004.05675
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.neighbours import nearest, smallest_squares


def copied(
    samples: Tensor, training: Tensor, held_out: Tensor, usual: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Projected samples (N, d), training (M, d) and held-out examples (K, d) -> () how much more often than by chance the
    nearest real example is one trained on, 1 where it always is; and () the ratio of median distances to the training
    examples, of samples over held-out examples: near 0 for copies, near 1 for new examples; and () the share of samples
    nearer to a training example than all but one in a hundred held-out examples are.

    usual: `distance_to_nearest(held_out, training)`, where that is known already: it stays the same over a run.

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


def copied_among_few(samples: Tensor, training: Tensor, usual: Tensor) -> tuple[Tensor, Tensor]:
    """The same by the training examples alone, for too few held-out ones: each left out in turn stands in for a held-out one.

    Args:
        samples: (N, d) projected samples.
        training: (M, d) projected training examples.
        usual: `distance_to_others(training)`.

    Returns:
        () the ratio of median distances to the training examples, of samples over training examples to the others; and ()
        the share of samples nearer to a training example than all but one in a hundred of these are to each other.
    """
    to_training = distance_to_nearest(samples, training)
    return to_training.median() / usual.median().clamp_min(1e-12), (to_training < usual.quantile(0.01)).float().mean()


def distance_to_others(points: Tensor) -> Tensor:
    """(M, d) -> (at most M,) distances from each point to the nearest other one, equal points counted once."""
    return smallest_squares(torch.unique(points, dim=0), 1)[:, 0].sqrt()


def standard_error(samples: int, training: int, held_out: int) -> float:
    """By how much `copied`'s first number scatters around 0 for new samples: the binomial distribution's deviation.

    Far above 0.1 where little was held out: the nearest of all is then a training example nearly always.
    """
    chance = training / (training + held_out)
    return math.sqrt(chance / ((1 - chance) * samples))


def distance_to_nearest(points: Tensor, among: Tensor) -> Tensor:
    """(N, d), (M, d) -> (N,) on the CPU."""
    return nearest(points, among)[0][:, 0]
