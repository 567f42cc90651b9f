"""Priors of codes: standard normal, or a mixture of the posteriors of learnt pseudo-inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from saddlepoint.objectives.likelihood import standard_normal_log_prob

START = 0.5  # standard deviation of pseudo-inputs before training, before they are brought into the data's range


class Components(NamedTuple):
    """A mixture of P Gaussians with equal weights.

    Attributes:
        mean: (P, D).
        log_variance: (P, D).
    """

    mean: Tensor
    log_variance: Tensor


def normal_log_prob(z: Tensor) -> Tensor:
    """log N(z; 0, I) of codes (..., D), in nats, (...)."""
    return standard_normal_log_prob(z.flatten(0, -2)).view(z.shape[:-1])


def mixture_log_prob(z: Tensor, components: Components) -> Tensor:
    """log 1/P sum_p N(z; mean_p, variance_p) of codes z (..., D), in nats, (...)."""
    mean, log_variance = components
    squared = (z[..., None, :] - mean).square() * torch.exp(-log_variance)
    each = -0.5 * (squared + log_variance + math.log(2 * math.pi)).sum(-1)
    return each.logsumexp(-1) - math.log(len(mean))


class PseudoInputs(nn.Module):
    """Learnt inputs of the encoder, whose posteriors are the components of the prior.

    Args:
        count: how many.
        shape: of one example.
        bring_into_range: maps any number into the range of the data in the model's units.

    References:
        VAE with a VampPrior (Jakub Tomczak, Max Welling, 2018), https://arxiv.org/abs/1705.07120
    """

    def __init__(self, count: int, shape: tuple[int, ...], bring_into_range: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.values = nn.Parameter(START * torch.randn(count, *shape))
        self.bring_into_range = bring_into_range

    def forward(self) -> Tensor:
        """Return the inputs (P, *event) in the model's units."""
        return self.bring_into_range(self.values)


def range_map(output_range: tuple[float, float] | None) -> Callable[[Tensor], Tensor]:
    """Return the map of all numbers to a range: the sigmoid for [0, 1], tanh for [-1, 1], the identity for None."""
    if output_range is None:
        return _same
    return torch.sigmoid if abs(output_range[0]) < 0.5 else torch.tanh


def _same(x: Tensor) -> Tensor:
    return x
