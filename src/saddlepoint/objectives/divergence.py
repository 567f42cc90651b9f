"""Divergences in closed form, in nats."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.objectives.precision import at_least_float32


def kl_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag e^log_variance) || N(0, I)).

    Args:
        mean: (B, D).
        log_variance: (B, D).

    Returns:
        (B,) nats, at least 0.

    References:
        Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), appendix B, https://arxiv.org/abs/1312.6114
    """
    return kl_standard_normal_units(mean, log_variance).sum(1)


def kl_standard_normal_units(mean: Tensor, log_variance: Tensor) -> Tensor:
    """The terms of `kl_standard_normal` for each unit.

    Args:
        mean: (B, D).
        log_variance: (B, D).

    Returns:
        (B, D) nats, at least 0.
    """
    mean, log_variance = at_least_float32(mean), at_least_float32(log_variance)
    # e^v - 1 - v would lose digits near its minimum at v = 0; expm1 does not.
    return 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance)


def kl_bernoulli(target: float, activation: Tensor) -> Tensor:
    """KL(Bernoulli(target) || Bernoulli(activation)), elementwise.

    An activation of exactly 0 or 1, as of a saturated sigmoid, is moved inside the interval by one rounding step.

    Args:
        target: in (0, 1).
        activation: in [0, 1], of any shape.

    Returns:
        Nats, in the shape of `activation`.

    References:
        Sparse autoencoder (Andrew Ng, CS294A lecture notes, 2011),
            https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf
    """
    activation = at_least_float32(activation)
    smallest = torch.finfo(activation.dtype).eps
    activation = activation.clamp(smallest, 1 - smallest)
    on = target * (math.log(target) - activation.log())
    off = (1 - target) * (math.log1p(-target) - torch.log1p(-activation))
    return on + off
