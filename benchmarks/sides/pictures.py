"""The images that all sides train on: MNIST where it is in $SADDLEPOINT_DATA, else random ones of its shape."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

COUNT = 60_000
SIDE = 28


def load(limit: int | None = None) -> tuple[Tensor, str]:
    """(N, 1, 28, 28) uint8, and a description. Nothing is downloaded."""
    if (Path(os.environ.get("SADDLEPOINT_DATA", "")) / "mnist").is_dir() and "SADDLEPOINT_DATA" in os.environ:
        from saddlepoint import data

        images, name = data.load(data.DataSettings(source="mnist")).x, "MNIST"
    else:
        generator = torch.Generator().manual_seed(0)
        # A fifth of the pixels carry ink, as in MNIST.
        values = torch.randint(0, 256, (COUNT, 1, SIDE, SIDE), generator=generator)
        ink = torch.rand(values.shape, generator=generator) < 0.2
        images, name = torch.where(ink, values, 0).to(torch.uint8), "synthetic images of MNIST's shape"
    return images[:limit].clone(), name


def resized(images: Tensor, side: int) -> Tensor:
    """(N, 1, H, W) uint8 -> (N, 1, side, side), bilinear as in Pillow."""
    if images.shape[-1] == side:
        return images
    shape = (side, side)
    return torch.from_numpy(
        np.stack(
            [np.asarray(Image.fromarray(i).resize(shape, Image.Resampling.BILINEAR)) for i in images[:, 0].numpy()]
        )
    )[:, None]
