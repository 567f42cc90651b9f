"""Log likelihoods of an event given a network's output, and the importance-weighted bound made of them; in nats."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.objectives import reconstruction
from saddlepoint.objectives.precision import at_least_float32

LikelihoodName = Literal["bernoulli", "gaussian", "gaussian-learnt"]


def bernoulli_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x) of independent Bernoulli variables: (B, *event) in [0, 1], (B, *event) -> (B,) nats."""
    return -reconstruction.bernoulli(logits, x)


def gaussian_log_prob(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """log density of N(mean, e^(2 log_std) I): (B, *event), (B, *event), () -> (B,) nats, in the units of x."""
    size = math.prod(x.shape[1:])
    log_std = at_least_float32(log_std)
    squared = reconstruction.l2(mean, x)
    return -0.5 * squared * torch.exp(-2 * log_std) - size * (log_std + 0.5 * math.log(2 * math.pi))


def log_likelihood(x: Tensor, output: Tensor, log_std: Tensor | None) -> Tensor:
    """Gaussian where there is a log standard deviation, else Bernoulli with logits `output`: -> (B,) nats."""
    return bernoulli_log_prob(x, output) if log_std is None else gaussian_log_prob(x, output, log_std)


def standard_normal_log_prob(z: Tensor) -> Tensor:
    """log N(z; 0, I): (B, D) -> (B,) nats."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)


def importance_bound(log_weights: Tensor) -> Tensor:
    """log of the mean weight, log(1/K sum_k w_k): (K, B) -> (B,) nats.

    With w = p(x, z) / q(z | x), z drawn from q, its expectation is a lower bound on log p(x) that is the evidence lower
    bound for K = 1, never falls as K grows, and tends to log p(x).

    Importance Weighted Autoencoders (Burda, Grosse, Salakhutdinov, 2015). https://arxiv.org/abs/1509.00519
    """
    return torch.logsumexp(log_weights, 0) - math.log(log_weights.shape[0])
