"""Log likelihoods of examples given a network's output, and the importance-weighted bound; in nats."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.objectives import reconstruction
from saddlepoint.objectives.precision import at_least_float32

LikelihoodName = Literal["bernoulli", "gaussian", "gaussian-learnt"]


def bernoulli_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x) of independent Bernoulli variables.

    Args:
        x: (B, *event) in [0, 1].
        logits: (B, *event).

    Returns:
        (B,) nats.
    """
    return -reconstruction.bernoulli(logits, x)


def gaussian_log_prob(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """log N(x; mean, e^(2 log_std) I).

    Args:
        x: (B, *event).
        mean: (B, *event), in the units of x.
        log_std: (), the logarithm of the standard deviation in the units of x.

    Returns:
        (B,) nats, a density in the units of x.
    """
    size = math.prod(x.shape[1:])
    log_std = at_least_float32(log_std)
    squared = reconstruction.l2(mean, x)
    return -0.5 * squared * torch.exp(-2 * log_std) - size * (log_std + 0.5 * math.log(2 * math.pi))


def log_likelihood(x: Tensor, output: Tensor, log_std: Tensor | None) -> Tensor:
    """log p(x | output), Gaussian if there is a standard deviation, else Bernoulli.

    Args:
        x: (B, *event).
        output: (B, *event), the mean of the Gaussian or the logits of the Bernoulli distribution.
        log_std: () of the Gaussian distribution; None for Bernoulli.

    Returns:
        (B,) nats.
    """
    return bernoulli_log_prob(x, output) if log_std is None else gaussian_log_prob(x, output, log_std)


def standard_normal_log_prob(z: Tensor) -> Tensor:
    """log N(z; 0, I).

    Args:
        z: (B, D).

    Returns:
        (B,) nats.
    """
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)


def importance_bound(log_weights: Tensor) -> Tensor:
    """log of the mean weight, log(1/K sum_k w_k).

    For w = p(x, z) / q(z | x) with z drawn from q, its expectation is a lower bound on log p(x). The bound is the evidence
    lower bound for K = 1, does not decrease as K grows, and converges to log p(x).

    Args:
        log_weights: (K, B), log w.

    Returns:
        (B,) nats.

    References:
        Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015),
            https://arxiv.org/abs/1509.00519
    """
    return torch.logsumexp(log_weights, 0) - math.log(log_weights.shape[0])
