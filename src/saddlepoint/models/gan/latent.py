"""The generator's input: noise, codes that the discriminator may predict, and the class of a conditional GAN.

A code of a sample (`HasCodes`) contains all three as one row (latent + codes + classes), with one number for each class. Functions
that decode, interpolate or store codes therefore need no labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.models.arrays import device_of
from saddlepoint.models.code_capabilities import NamedCodes
from saddlepoint.models.gan.conditions.condition import Codes
from saddlepoint.models.gan.settings import NoiseSettings
from saddlepoint.models.labels import draw_labels
from saddlepoint.networks.labels import class_weights
from saddlepoint.objectives.likelihood import standard_normal_log_cdf


class LatentDistribution:
    """The distribution of codes.

    Args:
        settings: of the noise.
        latent: size of the noise.
        codes: further numbers; None for none.
        shares: of each class among samples without given labels; empty for a game without labels.

    Attributes:
        size: numbers in one code.
        inputs: numbers of a code that are not its class.
    """

    def __init__(
        self, settings: NoiseSettings, latent: int, codes: Codes | None = None, shares: Sequence[float] = ()
    ) -> None:
        self._settings, self._latent, self._codes = settings, latent, codes
        self._shares = torch.tensor(shares, dtype=torch.float64)
        self.inputs = latent + (0 if codes is None else codes.size)
        self.size = self.inputs + len(shares)

    def noise(self, n: int, generator: torch.Generator | None) -> Tensor:
        """Draw the generator's input without labels.

        Args:
            n: number of codes.
            generator: draws the numbers; None takes torch's global generator.

        Returns:
            (n, inputs) float32, on the device of the generator.
        """
        settings = self._settings
        device = device_of(generator)
        if settings.distribution == "normal":
            noise = torch.randn(n, self._latent, generator=generator, device=device)
        else:
            noise = torch.rand(n, self._latent, generator=generator, device=device).mul_(2).sub_(1)
        return self._with_codes(noise if settings.scale == 1 else noise * settings.scale, generator)

    def stratified(self, n: int, generator: torch.Generator) -> Tensor:
        """As `noise`, but with a Latin hypercube sample: in every dimension of the noise, one value in each of n equally
        probable intervals.

        Args:
            n: number of codes.
            generator: draws the numbers.

        Returns:
            (n, inputs).

        References:
            A Comparison of Three Methods for Selecting Values of Input Variables in the Analysis of Output from a Computer
            Code (Michael McKay, Richard Beckman, William Conover, 1979), https://doi.org/10.2307/1268522
        """
        shape, device = (n, self._latent), generator.device
        part = torch.rand(shape, generator=generator, device=device).argsort(0)
        share = (part + torch.rand(shape, generator=generator, device=device)) / n
        # Rounding may give 0 or 1, where the normal quantile is infinite.
        return self._with_codes(self.quantiles(share.clamp(1e-7, 1 - 1e-7)), generator)

    def quantiles(self, share: Tensor) -> Tensor:
        """Return quantiles of one dimension of the noise.

        Args:
            share: probabilities in (0, 1), of any shape.

        Returns:
            The quantiles, in the same shape.
        """
        if self._settings.distribution == "normal":
            normal: Tensor = torch.special.ndtri(share)
            return normal * self._settings.scale
        return (2 * share - 1) * self._settings.scale

    def log_share(self, noise: Tensor) -> Tensor:
        """Return the log of the probability of smaller numbers, for numbers of the noise of any shape."""
        unit = noise / self._settings.scale
        if self._settings.distribution == "normal":
            return standard_normal_log_cdf(unit)
        return torch.log((0.5 + 0.5 * unit).clamp(min=1e-7))

    def labels(self, n: int, generator: torch.Generator | None) -> Tensor:
        """Draw (n,) int64 classes with the shares of the data, on the device of the generator."""
        return draw_labels(self._shares, n, generator)

    @property
    def named_codes(self) -> NamedCodes | None:
        """Where the categorical and continuous codes are in a code; None without any."""
        if self._codes is None or not (self._codes.categories or self._codes.continuous):
            return None
        return NamedCodes(self._latent, self._codes.categories, self._codes.continuous)

    def join(self, noise: Tensor, labels: Tensor | None) -> Tensor:
        """Return codes (N, size) from the generator's input (N, inputs) and classes (N,) or weights (N, classes)."""
        if labels is None:
            return noise
        return torch.cat([noise, class_weights(labels.to(noise.device), len(self._shares), noise)], 1)

    def split(self, codes: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the generator's input (N, inputs), and the weights of the classes (N, classes), or None without labels."""
        if not len(self._shares):
            return codes, None
        return codes[:, : self.inputs], codes[:, self.inputs :]

    def _with_codes(self, noise: Tensor, generator: torch.Generator | None) -> Tensor:
        return noise if self._codes is None else torch.cat([noise, self._codes.draw(len(noise), generator)], 1)
