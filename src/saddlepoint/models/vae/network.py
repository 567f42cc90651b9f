"""The network of a variational autoencoder: a trunk, two linear heads, and a decoder."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from saddlepoint.networks.initialisation import glorot_
from saddlepoint.objectives.precision import at_least_float32


class Pass(NamedTuple):
    """The result of one forward pass.

    Attributes:
        output: (B, *event) logits (Bernoulli) or mean (Gaussian).
        mean: (B, latent) of q(z | x).
        log_variance: (B, latent) of q(z | x).
        log_std: () of the Gaussian likelihood, None for Bernoulli.
    """

    output: Tensor
    mean: Tensor
    log_variance: Tensor
    log_std: Tensor | None


class VAENetwork(nn.Module):
    """The player of a VAE: a trunk shared by two heads, the heads `mean` and `log_variance`, and the decoder.

    The heads are linear, so that their outputs are unbounded.

    Args:
        trunk: (B, *event) -> features, which are flattened to (B, features).
        decoder: (B, latent) -> (B, *event).
        features: number of features.
        latent: size of the code.
        log_std: the initial log standard deviation of the Gaussian likelihood; None for Bernoulli.
        learnt: whether it is a parameter.
    """

    log_std: Tensor | None

    def __init__(
        self,
        trunk: nn.Module,
        decoder: nn.Module,
        features: int,
        latent: int,
        log_std: float | None = None,
        learnt: bool = False,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.mean = nn.Linear(features, latent)
        self.log_variance = nn.Linear(features, latent)
        glorot_(self.mean)
        glorot_(self.log_variance)
        self.decoder = decoder
        start = None if log_std is None else torch.tensor(log_std)
        if learnt and start is not None:
            self.log_std = nn.Parameter(start)
        else:
            self.register_buffer("log_std", start)

    def heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x).

        Args:
            x: (B, *event).

        Returns:
            Mean and log-variance, (B, latent) each.
        """
        features = self.trunk(x).flatten(1)
        return at_least_float32(self.mean(features)), at_least_float32(self.log_variance(features))

    def forward(self, x: Tensor, epsilon: Tensor) -> Pass:
        """Encode x, and decode the code mean + e^(log_variance / 2) epsilon.

        Args:
            x: (B, *event).
            epsilon: (B, latent), standard normal.

        Returns:
            The output and the parameters of q(z | x).
        """
        mean, log_variance = self.heads(x)
        output = self.decoder(mean + torch.exp(0.5 * log_variance) * epsilon)
        return Pass(output, mean, log_variance, self.log_std)
