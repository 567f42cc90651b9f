"""The codes of principal components."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.models.arrays import Numbers, device_of
from saddlepoint.models.capabilities import Encodes, HasCodes
from saddlepoint.models.classical.inner_units import AroundDistribution
from saddlepoint.models.codes import check_codes


class CodesOfPCA(AroundDistribution):
    """A classical model that has codes if its distribution is PCA, without classes."""

    @property
    def latent(self) -> int:
        """Numbers in a code of PCA."""
        return self.settings.latent

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw codes of PCA, (n, latent) standard normal."""
        n = self.check_request(n, None, generator)
        self._require_codes()
        device = device_of(generator)
        return torch.randn(n, self.latent, generator=generator, device=device)

    def encode(self, x: Numbers) -> Tensor:
        """Return the codes of PCA, the means of p(z | x): (N, *event) in the data's units -> (N, latent)."""
        codes: Tensor = self._require_codes().encode(self._inside(self.model_units(x)))
        return codes.float().to(self.device)

    def decode(self, z: Numbers) -> Tensor:
        """Return the means of p(x | z) of PCA: (N, latent) -> (N, *event) in the data's units."""
        distribution = self._require_codes()
        return self._outside(distribution.decode(check_codes(z, self.latent, self.family).cpu().double()))

    def _require_codes(self) -> Any:
        reason = self.lacks(HasCodes)
        if reason is not None:
            raise DataError(
                f"codes: {reason.rstrip('.')}: fit one with model.distribution pca and model.conditional false."
            )
        return self.distribution

    def lacks(self, capability: type) -> str | None:
        if capability in (HasCodes, Encodes) and not hasattr(self.distribution, "decode"):
            return f"the model is {self._kind}, which has no codes."
        return super().lacks(capability)
