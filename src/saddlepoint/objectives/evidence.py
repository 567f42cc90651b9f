"""The variational autoencoder's loss: the negative evidence lower bound."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.objectives.divergence import kl_standard_normal, kl_standard_normal_units
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations


@noise_bundle
@dataclass(frozen=True)
class BoundNoise:
    """The random numbers of one update, and the weight of the KL term.

    Attributes:
        epsilon: (B, D), standard normal.
        kl_weight: (), which may change over the steps (warm-up).
        threshold: (B, *event), uniform on [0, 1]: each value of x becomes 1 if it is above its threshold, otherwise 0. None
            leaves x unchanged.
    """

    epsilon: Tensor
    kl_weight: Tensor
    threshold: Tensor | None = None


def negative_evidence(free_bits: float = 0.0) -> Loss:
    """Return the loss -E_q[log p(x | z)] + kl_weight KL(q(z | x) || p(z)) in nats, with one sample of z for each example.

    The loss uses nets["vae"](x, epsilon) -> (output, mean, log_variance, log_std) and a `BoundNoise`. It observes the KL and
    the reconstruction term, both (B,) in nats and without weight or free bits.

    Args:
        free_bits: nats of KL of each latent unit that are not penalised: the KL term is the sum over units of max(free_bits,
            mean KL over the batch).

    References:
        Auto-Encoding Variational Bayes (Kingma, Welling, 2013), https://arxiv.org/abs/1312.6114
        Learning Basic Visual Concepts with a Constrained Variational Framework (Higgins et al., 2017),
            https://openreview.net/forum?id=Sy2fzU9gl (beta-VAE)
        Improving Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016), appendix C.8,
            https://arxiv.org/abs/1606.04934 (free bits)
    """

    def loss(nets: Nets, batch: Batch, noise: BoundNoise) -> tuple[torch.Tensor, Observations]:
        x = batch.x if noise.threshold is None else (noise.threshold < batch.x).to(batch.x.dtype)
        output, mean, log_variance, log_std = nets["vae"](x, noise.epsilon)
        reconstruction = -log_likelihood(x, output, log_std)
        charged = kl = kl_standard_normal(mean, log_variance)
        if free_bits > 0:
            units = kl_standard_normal_units(mean, log_variance)
            # A unit below its allowance costs the allowance, a constant; the batch's mean is then exactly the formula.
            charged = torch.where(units.mean(0) > free_bits, units, free_bits).sum(1)
        observations = {"kl": kl.detach(), "reconstruction": reconstruction.detach()}
        return reconstruction + noise.kl_weight * charged, observations

    return loss
