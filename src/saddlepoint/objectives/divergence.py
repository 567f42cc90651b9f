"""Divergences in closed form, in nats."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.objectives.precision import at_least_float32


def kl_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag e^log_variance) || N(0, I)) in nats: (B, D), (B, D) -> (B,), never negative.

    Auto-Encoding Variational Bayes (Kingma, Welling, 2013), appendix B. https://arxiv.org/abs/1312.6114
    """
    return kl_standard_normal_units(mean, log_variance).sum(1)


def kl_standard_normal_units(mean: Tensor, log_variance: Tensor) -> Tensor:
    """The same, unit by unit: (B, D), (B, D) -> (B, D)."""
    mean, log_variance = at_least_float32(mean), at_least_float32(log_variance)
    # expm1 keeps the digits that e^v - 1 - v would lose around the minimum at v = 0.
    return 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance)


def kl_bernoulli(target: float, activation: Tensor) -> Tensor:
    """KL(Bernoulli(target) || Bernoulli(activation)) in nats, elementwise; both in (0, 1).

    An activation of exactly 0 or 1 (a sigmoid that saturates) is moved inside by one rounding step.

    Sparse autoencoder (Ng, CS294A lecture notes, 2011). https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf
    """
    activation = at_least_float32(activation)
    smallest = torch.finfo(activation.dtype).eps
    activation = activation.clamp(smallest, 1 - smallest)
    on = target * (math.log(target) - activation.log())
    off = (1 - target) * (math.log1p(-target) - torch.log1p(-activation))
    return on + off
