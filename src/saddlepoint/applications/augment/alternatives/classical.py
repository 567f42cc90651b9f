"""Classical augmentation of images: small shifts and rotations, and mirror images of colour pictures.

A mirrored letter or digit is another symbol, so grey images are not mirrored. Both changes fill what they uncover with the border of the image.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from saddlepoint.applications.augment.alternatives.situation import Situation, TrainingSet, repeated
from saddlepoint.applications.augment.examples import Images
from saddlepoint.objectives.adversarial.diffaugment import translation, translation_amounts

DEGREES = 12.0  # largest rotation each way


def classical(situation: Situation) -> TrainingSet:
    """The real images and changed copies of them."""
    copies = repeated(situation)
    assert isinstance(copies, Images)
    generator = torch.Generator().manual_seed(int(situation.rng(3).integers(2**63 - 1)))
    changed = change(copies.x.float(), generator)
    event = copies.event
    if event.bounded:
        changed = changed.clamp(event.low, event.high)
    x = changed.round().to(torch.uint8) if event.dtype == "uint8" else changed
    return TrainingSet(situation.real.join(Images(x, copies.y, event)))


def change(x: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate, shift and, with three channels or more, mirror images (N, C, H, W)."""
    if not len(x):
        return x
    degrees = DEGREES * (2 * torch.rand(len(x), generator=generator) - 1)
    amounts = translation_amounts(torch.rand(len(x), 2, generator=generator), x.shape[1:], 1.0)
    mirrored = torch.rand(len(x), generator=generator) < 0.5
    x = rotate(x, degrees)
    border = torch.cat([x[:, :, 0], x[:, :, -1], x[:, :, :, 0], x[:, :, :, -1]], 2).median(2).values[:, :, None, None]
    x = translation(x - border, amounts) + border
    return torch.where(mirrored[:, None, None, None], x.flip(3), x) if x.shape[1] >= 3 else x


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Rotate images (N, C, H, W) about their centre by degrees (N,), with bilinear interpolation."""
    angle = degrees * math.pi / 180
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    ratio = x.shape[3] / x.shape[2]  # coordinates are -1 to 1 along either side
    rows = (torch.stack([cosine, -sine / ratio, zero], 1), torch.stack([sine * ratio, cosine, zero], 1))
    grid = functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
