"""Adam's direction as a pure function: the part that Optimistic Adam and Extra-Adam share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Moments(NamedTuple):
    """Running means of gradients and of their squares, and how often they were updated ()."""

    first: list[Tensor]
    second: list[Tensor]
    updates: Tensor


def no_moments(parameters: Sequence[Tensor]) -> Moments:
    """Before the first gradient."""
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    return Moments(first, second, torch.zeros((), dtype=parameters[0].dtype, device=parameters[0].device))


def direction(
    gradients: Sequence[Tensor], moments: Moments, betas: tuple[float, float], epsilon: float
) -> tuple[list[Tensor], Moments]:
    """m / (sqrt(v) + epsilon), both corrected for their start at zero, and the moments after these gradients.

    Adam: A Method for Stochastic Optimization (Kingma, Ba, 2014), https://arxiv.org/abs/1412.6980, algorithm 1.
    """
    beta1, beta2 = betas
    first = [beta1 * m + (1 - beta1) * g for m, g in zip(moments.first, gradients, strict=True)]
    second = [beta2 * v + (1 - beta2) * g**2 for v, g in zip(moments.second, gradients, strict=True)]
    updates = moments.updates + 1
    corrections = 1 - beta1**updates, 1 - beta2**updates
    directions = [
        (m / corrections[0]) / ((v / corrections[1]).sqrt() + epsilon) for m, v in zip(first, second, strict=True)
    ]
    return directions, Moments(first, second, updates)
