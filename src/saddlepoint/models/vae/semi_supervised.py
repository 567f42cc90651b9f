"""The player of a semi-supervised VAE: a conditional VAE and a classifier."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.models.vae.network import VAENetwork
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.semi_supervised import EveryClass
from saddlepoint.objectives.weighted_evidence import repeat_draws


class EveryClassNetwork(VAENetwork):
    """A conditional player whose forward pass treats each example as one of every class.

    Args:
        trunk: as for `VAENetwork`.
        decoder: as for `VAENetwork`.
        features: as for `VAENetwork`.
        latent: as for `VAENetwork`.
        classifier: (B, *event) -> logits (B, classes).
        classes: number of classes.
        **options: as for `VAENetwork`.
    """

    def __init__(
        self,
        trunk: nn.Module,
        decoder: nn.Module,
        features: int,
        latent: int,
        classifier: nn.Module,
        classes: int,
        **options: Any,
    ) -> None:
        super().__init__(trunk, decoder, features, latent, **options)
        self.classifier, self.classes = classifier, classes

    def logits(self, x: Tensor) -> Tensor:
        """(B, *event) -> logits (B, classes) of q(y | x)."""
        return at_least_float32(self.classifier(x))

    def forward(self, x: Tensor, epsilon: Tensor, *labels: Tensor) -> EveryClass:
        """Encode and decode x (B, *event) under each class, with the same epsilon (B, latent)."""
        every = torch.arange(self.classes, device=x.device)
        classes = every.repeat_interleave(len(x))
        mean, log_variance = self.heads(repeat_draws(x, self.classes), classes)
        z = mean + torch.exp(0.5 * log_variance) * repeat_draws(epsilon, self.classes)
        return EveryClass(self.logits(x), self.decoder(z, classes), mean, log_variance, self.log_std)
