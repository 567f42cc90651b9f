"""Hand-made features of images for the truth's recall: local energies of Gabor filters, and local means.

No network and no training, so they share nothing with the features in which the verdict is decided.

References:
    "Theory of communication", D. Gabor, 1946, https://doi.org/10.1049/ji-3-2.1946.0074.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

ORIENTATIONS = 4
WAVELENGTHS = (2.5, 5.0)  # pixels
CELLS = 4  # a side: energies are averaged over a grid of cells


def gabor_energies(x: Tensor) -> Tensor:
    """(N, C, H, W) images in [0, 1] -> (N, C * (orientations * wavelengths + 1) * cells^2) features."""
    n, channels, height, width = x.shape
    grey = x.reshape(n * channels, 1, height, width).float()
    maps = [grey]
    for wavelength in WAVELENGTHS:
        for index in range(ORIENTATIONS):
            even, odd = _filters(wavelength, math.pi * index / ORIENTATIONS)
            padded = torch.nn.functional.pad(grey, [even.shape[-1] // 2] * 4, mode="replicate")
            responses = (torch.nn.functional.conv2d(padded, kernel[None, None]) for kernel in (even, odd))
            maps.append(sum((r.square() for r in responses), torch.zeros(())).sqrt())
    pooled = torch.nn.functional.adaptive_avg_pool2d(torch.cat(maps, 1), CELLS)
    return pooled.reshape(n, -1)


def _filters(wavelength: float, angle: float) -> tuple[Tensor, Tensor]:
    """An even and an odd Gabor filter (k, k) without response to a constant image, of unit norm."""
    radius = math.ceil(wavelength)
    y, x = torch.meshgrid(*[torch.arange(-radius, radius + 1.0)] * 2, indexing="ij")
    along = x * math.cos(angle) + y * math.sin(angle)
    window = torch.exp(-(x.square() + y.square()) / (2 * (0.5 * wavelength) ** 2))
    phase = 2 * math.pi * along / wavelength
    even, odd = window * phase.cos(), window * phase.sin()
    even = even - window * (even.sum() / window.sum())
    return even / even.norm(), odd / odd.norm()
