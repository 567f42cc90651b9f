"""The semi-supervised bound of a conditional VAE: where a label is missing, the bound is averaged over all classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.evidence import BoundNoise, LogProb
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations
from saddlepoint.objectives.weighted_evidence import repeat_draws

SMALLEST_SHARE = 1e-6  # of a class that no training example has


class EveryClass(NamedTuple):
    """A forward pass of B examples under each of C classes.

    Attributes:
        logits: (B, C) of the classifier q(y | x).
        output: (C * B, *event), the decoder's output, class by class.
        mean: (C * B, latent) of q(z | x, y).
        log_variance: (C * B, latent) of q(z | x, y).
        log_scale: () of the likelihood; None if it has none.
    """

    logits: Tensor
    output: Tensor
    mean: Tensor
    log_variance: Tensor
    log_scale: Tensor | None


def negative_labelled_evidence(shares: Sequence[float], log_prob: LogProb, classifier_weight: float) -> Loss:
    """Return the loss of the model M2, for batches in which y is -1 where a label is missing.

    With L(x, y) = -E_q[log p(x | y, z)] + kl_weight KL(q(z | x, y) || p(z)) - log p(y), an example with a label costs
    L(x, y) - classifier_weight log q(y | x), one without sum_y q(y | x) (L(x, y) + log q(y | x)). The loss uses
    nets["vae"](x, epsilon) -> `EveryClass`. It observes `kl` and `reconstruction` of the label, or averaged over q(y | x), and
    `entropy`, that of q(y | x), (B,) nats each.

    Args:
        shares: p(y) of each class.
        log_prob: (x, output, log_scale) -> log p(x | y, z), (B,) nats.
        classifier_weight: at least 0.

    References:
        Semi-Supervised Learning with Deep Generative Models (Diederik Kingma, Danilo Rezende, Shakir Mohamed, Max Welling, 2014),
            https://arxiv.org/abs/1406.5298
    """
    log_shares = torch.tensor(shares, dtype=torch.float64).clamp_min(SMALLEST_SHARE).log().tolist()

    def loss(nets: Nets, batch: Batch, noise: BoundNoise) -> tuple[torch.Tensor, Observations]:
        assert batch.y is not None
        x, classes = noise.seen(batch.x), len(log_shares)
        logits, output, mean, log_variance, log_scale = nets["vae"](x, noise.epsilon)
        reconstruction = -log_prob(repeat_draws(x, classes), output, log_scale).view(classes, -1)
        kl = kl_standard_normal(mean, log_variance).view(classes, -1)
        log_posterior = logits.log_softmax(1).T  # (C, B)
        number = torch.arange(classes, device=x.device)[:, None]
        known = batch.y >= 0
        weights = torch.where(known, (number == batch.y).to(x.dtype), log_posterior.exp())
        prior = torch.tensor(log_shares, device=x.device, dtype=x.dtype)[:, None]
        costs = reconstruction + noise.kl_weight * kl - prior
        of_classes = torch.where(known, -classifier_weight * log_posterior, log_posterior)
        entropy = -(log_posterior.exp() * log_posterior).sum(0)
        observations = {
            "kl": (weights * kl).sum(0).detach(),
            "reconstruction": (weights * reconstruction).sum(0).detach(),
            "entropy": entropy.detach(),
        }
        return (weights * (costs + of_classes)).sum(0), observations

    return loss
