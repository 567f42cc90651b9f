"""The player of a VQ-VAE that encodes, quantises and decodes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.quantisation import Quantised, nearest_codes, straight_through


class VQNetwork(nn.Module):
    """Encoder, codebook and decoder.

    Args:
        encoder: (B, *event) -> (B, D, h, w).
        decoder: (B, D, h, w) -> (B, *event).
        codebook: (K, D).
        size: (h, w) of the map.
        learnt: whether gradients train the codebook.
        log_scale: the initial log scale of the likelihood; None if it has none.
        learns_scale: whether it is a parameter.
    """

    codebook: Tensor
    log_scale: Tensor | None

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        codebook: Tensor,
        size: tuple[int, int],
        *,
        learnt: bool,
        log_scale: float | None,
        learns_scale: bool,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.size = encoder, decoder, size
        if learnt:
            self.codebook = nn.Parameter(codebook)
        else:
            self.register_buffer("codebook", codebook)
        start = None if log_scale is None else torch.tensor(log_scale)
        if learns_scale and start is not None:
            self.log_scale = nn.Parameter(start)
        else:
            self.register_buffer("log_scale", start)

    def vectors(self, x: Tensor) -> Tensor:
        """(B, *event) -> (B, P, D), place by place."""
        return at_least_float32(self.encoder(x)).flatten(2).transpose(1, 2)

    def decode(self, vectors: Tensor) -> Tensor:
        """(B, P, D) -> the decoder's output (B, *event)."""
        output: Tensor = self.decoder(vectors.transpose(1, 2).reshape(len(vectors), vectors.shape[2], *self.size))
        return output

    def quantise(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (B, P, D) -> the nearest codes (B, P, D) and their indices (B, P)."""
        indices = nearest_codes(vectors, self.codebook)
        return self.embed(indices), indices

    def embed(self, indices: Tensor) -> Tensor:
        """Indices (...) int64 -> codes (..., D)."""
        return nn.functional.embedding(indices, self.codebook)

    def forward(self, x: Tensor) -> Quantised:
        """(B, *event) -> a pass of all parts."""
        vectors = self.vectors(x)
        nearest, indices = self.quantise(vectors)
        output = self.decode(straight_through(vectors, nearest))
        return Quantised(output, vectors, nearest, indices, self.codebook, self.log_scale)
