"""Bounds on log p(x) estimated from importance weights: for priors without a closed-form KL, and for several draws of the code."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from saddlepoint.objectives.evidence import BoundNoise, LogProb
from saddlepoint.objectives.likelihood import importance_bound
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations

BoundName = Literal["elbo", "iwae"]


class Draws(NamedTuple):
    """K draws of the code for each of B examples.

    Attributes:
        output: (K * B, *event), the decoder's output, draw by draw.
        log_prior: (K, B) nats, log p(z).
        log_posterior: (K, B) nats, log q(z | x).
        log_scale: () of the likelihood; None if it has none.
    """

    output: Tensor
    log_prior: Tensor
    log_posterior: Tensor
    log_scale: Tensor | None


def repeat_draws(x: Tensor, draws: int) -> Tensor:
    """Return x (B, ...) repeated as a whole, (draws * B, ...)."""
    return x.expand(draws, *x.shape).flatten(0, 1)


def evidence_terms(x: Tensor, draws: Draws, log_prob: LogProb) -> tuple[Tensor, Tensor]:
    """Return log p(x | z) and log q(z | x) - log p(z), (K, B) nats each, for x (B, *event)."""
    count = len(draws.log_prior)
    fit = log_prob(repeat_draws(x, count), draws.output, draws.log_scale).view(count, -1)
    return fit, draws.log_posterior - draws.log_prior


def combine(log_weights: Tensor, bound: BoundName) -> Tensor:
    """The bound (B,) in nats from log weights (K, B): their mean for "elbo", log of the mean weight for "iwae"."""
    return log_weights.mean(0) if bound == "elbo" else importance_bound(log_weights)


def negative_weighted_evidence(bound: BoundName, log_prob: LogProb, *, conditional: bool = False) -> Loss:
    """Return the loss -log(1/K sum_k w_k), or -1/K sum_k log w_k, with w = p(x | z) (p(z) / q(z | x))^kl_weight.

    The loss uses nets["vae"](x, epsilon) -> `Draws` with epsilon (B, K, D), and labels as a third argument for a conditional model.
    It observes the means over draws of log q(z | x) - log p(z), an estimate of the KL, and of -log p(x | z), (B,) each.

    Args:
        bound: "iwae" is the importance-weighted bound, "elbo" the evidence lower bound; both are equal for K = 1.
        log_prob: (x, output, log_scale) -> log p(x | z), (B,) nats.
        conditional: whether the network takes labels.

    References:
        Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015),
            https://arxiv.org/abs/1509.00519
    """

    def loss(nets: Nets, batch: Batch, noise: BoundNoise) -> tuple[torch.Tensor, Observations]:
        x = noise.seen(batch.x)
        labels = (batch.y,) if conditional else ()
        fit, kl = evidence_terms(x, nets["vae"](x, noise.epsilon, *labels), log_prob)
        observations = {"kl": kl.detach().mean(0), "reconstruction": -fit.detach().mean(0)}
        return -combine(fit - noise.kl_weight * kl, bound), observations

    return loss
