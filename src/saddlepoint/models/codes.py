"""The base class of models whose samples are decoded from codes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import Numbers, as_tensor
from saddlepoint.models.base import Model


class CodeModel(Model):
    """A game that decodes samples from codes (N, latent); it has the capability `HasCodes`."""

    @property
    @abstractmethod
    def latent(self) -> int:
        """Numbers in a code."""

    @abstractmethod
    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw codes (n, latent) that show the same samples throughout training: `decode(fixed_noise)`."""

    @abstractmethod
    def decode(self, z: Numbers) -> Tensor:
        """(N, latent) -> (N, *event) in the data's units, in evaluation mode and without gradients."""

    @property
    @abstractmethod
    def sampler(self) -> Callable[[Tensor], Tensor]:
        """Return the function from codes (N, latent) to examples in the model's units, in the networks' current mode."""

    def latent_codes(self, z: Numbers) -> Tensor:
        """Convert codes to the players' type and device.

        Args:
            z: (N, latent).

        Raises:
            SettingError: z has another shape.
        """
        return check_codes(z, self.latent, self.family).to(self.device, self.dtype)

    def _more_facts(self) -> dict[str, str]:
        return {"code": f"code of {self.latent}"}


def check_codes(z: Numbers, latent: int, family: str) -> Tensor:
    """Return codes as a tensor (N, latent).

    Args:
        z: (N, latent).
        latent: numbers in a code.
        family: the name of the model in error messages.

    Raises:
        SettingError: z has another shape.
    """
    z = as_tensor(z, "Codes")
    if z.ndim != 2 or z.shape[1] != latent:
        raise SettingError(
            f"Codes of shape {tuple(z.shape)} came where this {family} decodes (N, {latent}): give one row of {latent} "
            "numbers for each example."
        )
    return z
