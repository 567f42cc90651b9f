"""Random numbers in double precision on the CPU, from a generator on any device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.models.arrays import device_of


def _type(device: torch.device) -> torch.dtype:
    # Apple's GPUs have no float64.
    return torch.float32 if device.type == "mps" else torch.float64


def draw_normal(shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    """Draw standard normal numbers of this shape, float64 on the CPU."""
    device = device_of(generator)
    return torch.randn(*shape, generator=generator, device=device, dtype=_type(device)).cpu().double()


def draw_uniform(shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    """Draw uniform numbers in [0, 1) of this shape, float64 on the CPU."""
    device = device_of(generator)
    return torch.rand(*shape, generator=generator, device=device, dtype=_type(device)).cpu().double()


def draw_index(weights: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw one index for each row of weights.

    Args:
        weights: (N, K), at least 0; rows need not sum to 1.
        generator: draws the numbers; None takes torch's global generator.

    Returns:
        (N,) int64.
    """
    share = draw_uniform((len(weights), 1), generator)
    total = weights.cumsum(1)
    # The first index whose cumulative weight exceeds the share, so that a weight of 0 is never drawn.
    return (total <= share * total[:, -1:]).sum(1).clamp_(max=weights.shape[1] - 1)
