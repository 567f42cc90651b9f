"""A second stochastic layer above the code of a VAE.

    p(z2) = N(0, I),  p(z1 | z2) = N(m(z2), s(z2)^2);  q(z1 | x),  q(z2 | z1)

Samples are decoded from codes (z2, e) that are standard normal: z1 = m(z2) + s(z2) e. So a model of two layers has a standard
normal prior like one of a single layer, and everything that works with codes works with both.

References:
    Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015), https://arxiv.org/abs/1509.00519
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.models.vae.priors import normal_log_prob
from saddlepoint.networks.initialisation import glorot_
from saddlepoint.objectives.precision import at_least_float32


class Heads(nn.Module):
    """A network with two linear heads, the mean and the log-variance of a Gaussian.

    Args:
        trunk: (B, inputs) -> (B, features).
        features: number of features.
        size: of the Gaussian.
    """

    def __init__(self, trunk: nn.Module, features: int, size: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.mean = nn.Linear(features, size)
        self.log_variance = nn.Linear(features, size)
        glorot_(self.mean)
        glorot_(self.log_variance)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(..., inputs) -> mean and log-variance, (..., size) each."""
        features = self.trunk(z.flatten(0, -2))
        mean, log_variance = (at_least_float32(head(features)) for head in (self.mean, self.log_variance))
        shape = (*z.shape[:-1], mean.shape[1])
        return mean.view(shape), log_variance.view(shape)


class TopLayer(nn.Module):
    """q(z2 | z1), p(z1 | z2) and p(z2).

    Args:
        up: z1 -> z2.
        down: z2 -> z1.
        size: of z2.
    """

    def __init__(self, up: Heads, down: Heads, size: int) -> None:
        super().__init__()
        self.up, self.down, self.size = up, down, size

    def forward(self, z: Tensor, epsilon: Tensor) -> tuple[Tensor, Tensor]:
        """Draw z2 from q(z2 | z1).

        Args:
            z: (..., D1), z1.
            epsilon: (..., D2), standard normal.

        Returns:
            log p(z1, z2) and log q(z2 | z1), (...) nats each.
        """
        mean, log_variance = self.up(z)
        above = mean + torch.exp(0.5 * log_variance) * epsilon
        log_posterior = normal_log_prob(epsilon) - 0.5 * log_variance.sum(-1)
        mean, log_variance = self.down(above)
        standardised = (z - mean) * torch.exp(-0.5 * log_variance)
        log_prior = normal_log_prob(above) + normal_log_prob(standardised) - 0.5 * log_variance.sum(-1)
        return log_prior, log_posterior

    def descend(self, codes: Tensor) -> Tensor:
        """Codes (N, D2 + D1) of both layers -> z1 (N, D1)."""
        above, epsilon = codes[:, : self.size], codes[:, self.size :]
        mean: Tensor
        mean, log_variance = self.down(above)
        return mean + torch.exp(0.5 * log_variance) * epsilon

    def ascend(self, z: Tensor) -> Tensor:
        """z1 (N, D1) -> codes (N, D2 + D1) with the mean of q(z2 | z1), from which `descend` computes z1."""
        above = self.up(z)[0]
        mean, log_variance = self.down(above)
        return torch.cat([above, (z - mean) * torch.exp(-0.5 * log_variance)], 1)
