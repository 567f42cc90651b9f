"""A Gaussian mixture over codes, stored as plain tensors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from saddlepoint.models.arrays import device_of

LARGEST_FIT = 10_000


@dataclass(frozen=True, eq=False)
class CodeMixture:
    """A mixture of K Gaussians in D dimensions; all tensors are float64 on the CPU.

    Attributes:
        weights: (K,), which sum to 1.
        means: (K, D).
        cholesky: (K, D, D), the Cholesky factors of the covariances.
    """

    weights: Tensor
    means: Tensor
    cholesky: Tensor

    @classmethod
    def fit(cls, codes: Tensor, components: int, generator: torch.Generator) -> Self:
        """Fit a mixture by expectation maximisation.

        Codes are standardised for the fit, so that the small constant added to the diagonal of the covariances does not depend
        on their scale.

        Args:
            codes: (N, D); a random subset of 10,000 is used if there are more.
            components: K; reduced to N / 2 if it is larger.
            generator: draws the subset and the seed of the fit.

        Returns:
            The mixture.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture as Fit

        codes = codes.detach().double().cpu()
        order = torch.randperm(len(codes), generator=generator, device=generator.device)
        codes = codes[order[:LARGEST_FIT].cpu()]
        centre, spread = codes.mean(0), codes.std(0, correction=0)
        spread = torch.where(spread > 0, spread, torch.ones_like(spread))
        seed = int(torch.randint(2**31 - 1, (), generator=generator, device=generator.device))
        fit = Fit(max(1, min(components, len(codes) // 2)), covariance_type="full", reg_covar=1e-4, random_state=seed)
        with warnings.catch_warnings():
            # The warnings say that the fit stopped early or that there are few distinct codes; the mixture is still valid.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fit.fit(((codes - centre) / spread).numpy())
        factors = torch.linalg.cholesky(torch.from_numpy(fit.covariances_))
        return cls(
            torch.from_numpy(fit.weights_),
            torch.from_numpy(fit.means_) * spread + centre,
            spread[:, None] * factors,
        )

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw codes.

        Args:
            n: how many.
            generator: draws the numbers; None takes torch's global generator.

        Returns:
            (n, D) float32, on the device of the generator.
        """
        device = device_of(generator)
        weights = self.weights.to(device)
        if n == 0:
            return torch.empty(0, self.means.shape[1], device=device)
        component = torch.multinomial(weights, n, replacement=True, generator=generator)
        normal = torch.randn(n, self.means.shape[1], generator=generator, device=device, dtype=weights.dtype)
        offset = torch.einsum("nij,nj->ni", self.cholesky.to(device)[component], normal)
        return (self.means.to(device)[component] + offset).float()

    def state(self) -> dict[str, Tensor]:
        """Return the tensors to save, under the names `prior/...`."""
        return {"prior/weights": self.weights, "prior/means": self.means, "prior/cholesky": self.cholesky}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Self:
        """Return the mixture from the tensors of `state`."""
        return cls(*(state[f"prior/{name}"].double().cpu() for name in ("weights", "means", "cholesky")))
