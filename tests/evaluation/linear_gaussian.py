"""A latent-variable model of which everything is known: z ~ N(0, I), x = W z + b + noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from saddlepoint.evaluation.metrics.latent_models import LatentModel, gaussian_model


@dataclass(frozen=True)
class LinearGaussian:
    """weight: (D, latent), bias: (D,), std of the noise."""

    weight: Tensor
    bias: Tensor
    std: float

    @property
    def model(self) -> LatentModel:
        return gaussian_model(self.weight.shape[1], self.decode, self.std)

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.weight.to(z).T + self.bias.to(z)

    @property
    def evidence(self) -> MultivariateNormal:
        noise = self.std**2 * torch.eye(len(self.bias), dtype=self.bias.dtype)
        return MultivariateNormal(self.bias, self.weight @ self.weight.T + noise)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, D) -> mean and log-variance (N, latent) of p(z | x), for a weight with orthogonal columns."""
        variance = 1 / (1 + self.weight.square().sum(0) / self.std**2)
        mean = (x - self.bias) @ self.weight * variance / self.std**2
        return mean, variance.log().expand_as(mean)


def linear_gaussian(size: int = 6, latent: int = 3, std: float = 0.5, seed: int = 0) -> LinearGaussian:
    """With orthogonal columns of different lengths, in float64."""
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(size, latent, generator=generator, dtype=torch.float64))[0]
    lengths = torch.linspace(0.5, 2.0, latent, dtype=torch.float64)
    return LinearGaussian(basis * lengths, torch.randn(size, generator=generator, dtype=torch.float64), std)
