"""Codes of a VQ-VAE: from examples to codes and back, as vectors or as whole numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.models.arrays import Numbers, in_chunks
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.likelihoods import Likelihood
from saddlepoint.models.vq_vae.network import VQNetwork
from saddlepoint.models.vq_vae.settings import VQVAESettings
from saddlepoint.networks.evaluating import evaluating


class CodingVQVAE(CodeModel):
    """A VQ-VAE's codes.

    Attributes:
        settings: of the model.
        player: its autoencoder.
        likelihood: of an example given the decoder's output.
    """

    settings: VQVAESettings
    player: VQNetwork
    likelihood: Likelihood

    @property
    def places(self) -> int:
        """Codes of an example."""
        return math.prod(self.player.size)

    @property
    def latent(self) -> int:
        return self.places * self.settings.code_size

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return self._mean

    def decode(self, z: Numbers) -> Tensor:
        """Decode codes.

        Args:
            z: (N, latent); the nearest codes of the codebook are taken.

        Returns:
            (N, *event) in the data's units, the means of p(x | codes).
        """
        return self._evaluate(self._mean, z)

    def _evaluate(self, function: Callable[[Tensor], Tensor], z: Numbers) -> Tensor:
        with evaluating(self.player):
            return in_chunks(lambda part: self.scaling.to_data(function(part)), self.latent_codes(z))

    def _mean(self, codes: Tensor) -> Tensor:
        """(B, latent) -> mean (B, *event) of p(x | codes), in the model's units."""
        nearest = self.player.quantise(codes.view(len(codes), self.places, self.settings.code_size))[0]
        return self.likelihood.mean(self.player.decode(nearest))

    def _draw(self, codes: Tensor, generator: torch.Generator | None) -> Tensor:
        mean = self._mean(codes)
        if self.likelihood.draw is None:
            return mean
        assert self.player.log_scale is not None
        return self.likelihood.draw(mean, self.player.log_scale, generator)

    def encode(self, x: Numbers) -> Tensor:
        """Encode examples.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, latent), the nearest codes of all places in a row.
        """
        with evaluating(self.player):
            return in_chunks(lambda part: self.player(self.model_units(part)).nearest.flatten(1), x)

    def indices(self, x: Numbers) -> Tensor:
        """Return the codes of examples x (N, *event) in the data's units as whole numbers, (N, places) int64."""
        with evaluating(self.player):
            return in_chunks(lambda part: self.player(self.model_units(part)).indices, x)

    def decode_indices(self, indices: Tensor) -> Tensor:
        """Codes as whole numbers (N, places) -> (N, *event) in the data's units."""
        return self.decode(self.player.embed(indices.to(self.device)).detach().flatten(1))
