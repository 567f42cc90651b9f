"""Models whose samples are decoded from codes: what they share beside a game."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.models.base import Model, Numbers, as_tensor


class CodeModel(Model):
    """A game that decodes samples from codes (N, latent); it has the capability `HasCodes`."""

    @property
    @abstractmethod
    def latent(self) -> int:
        """Numbers in a code."""

    @abstractmethod
    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) codes to decode the same samples from throughout training: `decode(fixed_noise)`."""

    @abstractmethod
    def decode(self, z: Numbers) -> Tensor:
        """(N, latent) -> (N, *event) in the data's own units, in evaluation mode and without gradients."""

    @property
    @abstractmethod
    def sampler(self) -> Callable[[Tensor], Tensor]:
        """The function from codes (N, latent) to examples in the model's units, in the networks' present mode."""

    def latent_codes(self, z: Numbers) -> Tensor:
        """Codes z (N, latent) with the players' type and device. Raises SettingError for other shapes."""
        z = as_tensor(z, "Codes")
        if z.ndim != 2 or z.shape[1] != self.latent:
            raise SettingError(
                f"Codes of shape {tuple(z.shape)} came where this {self.family} decodes (N, {self.latent}): one row an "
                "example."
            )
        return z.to(self.device, self.dtype)

    def _more_facts(self) -> dict[str, str]:
        return {"code": f"code of {self.latent}"}
