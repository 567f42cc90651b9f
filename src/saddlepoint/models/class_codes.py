"""Models whose codes are numbers drawn from a prior, followed by the class of the example if the model is conditional."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.arrays import device_of
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.labels import draw_labels
from saddlepoint.networks.labels import class_weights


class ClassCodes(CodeModel):
    """A model that turns numbers from a prior, standard normal by default, and the class of the example, into an example.

    A code is one row (N, numbers + classes), with one number for each class, so that callers that decode, interpolate or store
    codes need no labels.

    Attributes:
        numbers: how many numbers a code has besides its class.
    """

    numbers: int

    @property
    def latent(self) -> int:
        return self.numbers + (self.classes or 0)

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        n = self.check_request(n, None, generator)
        return self._draw_codes(n, None, generator)

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        return self.decode(self._draw_codes(n, labels, generator))

    def split_codes(self, z: Tensor) -> tuple[Tensor, Tensor | None]:
        """Split codes (N, latent) into the numbers and the weights of the classes (N, classes), or None without labels."""
        return (z, None) if self.classes is None else (z[:, : self.numbers], z[:, self.numbers :])

    def with_labels(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return codes z (N, latent) with other classes, labels (N,) int64."""
        return self.join_codes(z[:, : self.numbers], labels)

    def join_codes(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return codes (N, latent).

        Args:
            z: (N, numbers).
            labels: (N,) classes or (N, classes) weights; None for a model without labels.
        """
        if labels is None or self.classes is None:
            return z
        return torch.cat([z, class_weights(labels.to(z.device), self.classes, z)], 1)

    def _draw_codes(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw codes (n, latent), of these classes or of random ones."""
        if self.classes is not None and labels is None:
            labels = draw_labels(self.event.shares, n, generator)
        return self.join_codes(self._draw_numbers(n, generator), labels)

    def _draw_numbers(self, n: int, generator: torch.Generator | None) -> Tensor:
        """Draw the numbers of codes (n, numbers) from the prior."""
        return torch.randn(n, self.numbers, generator=generator, device=device_of(generator))
