"""The embedding of a time or noise level that a denoising network is conditioned on.

References:
    Attention Is All You Need (Ashish Vaswani et al., 2017), section 3.5, https://arxiv.org/abs/1706.03762
    Denoising Diffusion Probabilistic Models (Jonathan Ho, Ajay Jain, Pieter Abbeel, 2020), appendix B,
        https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

FREQUENCIES = 16
HIGHEST = 100.0  # radians per unit of time; times lie within a few units of 0


class TimeEmbedding(nn.Module):
    """Times (B,) and weights of classes (B, classes) -> (B, size).

    Sines and cosines of the time at geometrically spaced frequencies pass through two linear layers; a linear function of the
    class is added. Weights of 0 mean that the class is unknown.

    Args:
        size: of the embedding.
        classes: number of classes; 0 without labels.
    """

    frequencies: Tensor

    def __init__(self, size: int, classes: int = 0) -> None:
        super().__init__()
        steps = torch.linspace(0, math.log(HIGHEST), FREQUENCIES)
        self.register_buffer("frequencies", steps.exp(), persistent=False)
        self.layers = nn.Sequential(nn.Linear(2 * FREQUENCIES, size), nn.SiLU(), nn.Linear(size, size))
        self.label = nn.Linear(classes, size, bias=False) if classes else None

    def forward(self, time: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the embedding (B, size) of times (B,) and the weights of the classes (B, classes), or None."""
        angles = time[:, None] * self.frequencies
        embedded: Tensor = self.layers(torch.cat([angles.sin(), angles.cos()], 1))
        if self.label is not None and weights is not None:
            embedded = embedded + self.label(weights)
        return embedded
