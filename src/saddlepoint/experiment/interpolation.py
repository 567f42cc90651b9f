"""Interpolation between two codes."""

from __future__ import annotations

import torch
from torch import Tensor


def spherical(start: Tensor, end: Tensor, points: int) -> Tensor:
    """Interpolate along the arc between two codes.

    Gaussian noise lies near a sphere; a straight line would pass through the empty middle.

    Args:
        start: (D,).
        end: (D,).
        points: number of codes, both ends included.

    Returns:
        (points, D).

    References:
        Sampling Generative Networks (White, 2016), https://arxiv.org/abs/1609.04468
    """
    share = torch.linspace(0, 1, points, device=start.device, dtype=start.dtype)[:, None]
    cosine = torch.dot(start, end) / (start.norm() * end.norm()).clamp_min(1e-12)
    angle = torch.acos(cosine.clamp(-1, 1))
    if torch.sin(angle) < 1e-4 or not start.any() or not end.any():  # no plane through both, so the arc is not unique
        return (1 - share) * start + share * end
    return (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / torch.sin(angle)
