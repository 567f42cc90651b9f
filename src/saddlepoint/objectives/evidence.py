"""The variational autoencoder's loss: the negative evidence lower bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.objectives.binarisation import to_black_and_white
from saddlepoint.objectives.divergence import kl_standard_normal, kl_standard_normal_units
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.mean_discrepancy import squared_discrepancy
from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations

LogProb = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # x, output, log scale -> (B,) nats


@noise_bundle
@dataclass(frozen=True)
class BoundNoise:
    """The random numbers of one update, and the weight of the KL term.

    Attributes:
        epsilon: (B, D), standard normal; (B, K, D) for K draws of z for each example.
        kl_weight: (), which may change over the steps (warm-up).
        threshold: (B, *event), uniform on [0, 1]: each value of x becomes 1 if it is above its threshold, otherwise 0. None
            leaves x unchanged.
        prior: (B, D) codes drawn from the prior, which codes of examples are compared with; None if they are not.
    """

    epsilon: Tensor
    kl_weight: Tensor
    threshold: Tensor | None = None
    prior: Tensor | None = None

    def seen(self, x: Tensor) -> Tensor:
        """Return x (B, *event), in black and white if there is a threshold."""
        return x if self.threshold is None else to_black_and_white(x, self.threshold)


def negative_evidence(
    free_bits: float = 0.0,
    *,
    log_prob: LogProb = log_likelihood,
    conditional: bool = False,
    discrepancy_weight: float = 0.0,
) -> Loss:
    """Return the loss -E_q[log p(x | z)] + kl_weight KL(q(z | x) || p(z)) in nats, with one sample of z for each example.

    The loss uses nets["vae"](x, epsilon) -> (output, mean, log_variance, log_scale) and a `BoundNoise`; for a conditional model
    nets["vae"](x, epsilon, labels). It observes the KL and the reconstruction term, both (B,) in nats and without weight or
    free bits.

    Args:
        free_bits: nats of KL of each latent unit that are not penalised: the KL term is the sum over units of max(free_bits,
            mean KL over the batch).
        log_prob: (x, output, log_scale) -> log p(x | z), (B,) nats.
        conditional: whether the network takes labels.
        discrepancy_weight: weight of the squared maximum mean discrepancy between the batch's codes and codes drawn from the
            prior (`noise.prior`); 0 leaves it out.

    References:
        Auto-Encoding Variational Bayes (Kingma, Welling, 2013), https://arxiv.org/abs/1312.6114
        Learning Basic Visual Concepts with a Constrained Variational Framework (Higgins et al., 2017),
            https://openreview.net/forum?id=Sy2fzU9gl (beta-VAE)
        Improving Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016), appendix C.8,
            https://arxiv.org/abs/1606.04934 (free bits)
        InfoVAE: Information Maximizing Variational Autoencoders (Shengjia Zhao, Jiaming Song, Stefano Ermon, 2017),
            https://arxiv.org/abs/1706.02262 (the discrepancy)
    """

    def loss(nets: Nets, batch: Batch, noise: BoundNoise) -> tuple[torch.Tensor, Observations]:
        x = noise.seen(batch.x)
        labels = (batch.y,) if conditional else ()
        output, mean, log_variance, log_scale = nets["vae"](x, noise.epsilon, *labels)
        reconstruction = -log_prob(x, output, log_scale)
        charged = kl = kl_standard_normal(mean, log_variance)
        if free_bits > 0:
            units = kl_standard_normal_units(mean, log_variance)
            # A unit below its allowance costs the allowance, a constant; the batch's mean is then exactly the formula.
            charged = torch.where(units.mean(0) > free_bits, units, free_bits).sum(1)
        observations = {"kl": kl.detach(), "reconstruction": reconstruction.detach()}
        cost = reconstruction + noise.kl_weight * charged
        if discrepancy_weight > 0:
            assert noise.prior is not None
            codes = mean + torch.exp(0.5 * log_variance) * noise.epsilon
            discrepancy = squared_discrepancy(codes, noise.prior)
            observations["discrepancy"] = discrepancy.detach()
            cost = cost + discrepancy_weight * discrepancy
        return cost, observations

    return loss
