"""Classes of samples, drawn with the shares of the training data."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def draw_labels(shares: Sequence[float] | Tensor, n: int, generator: torch.Generator | None) -> Tensor:
    """Draw classes.

    Args:
        shares: of each class; they need not sum to 1.
        n: how many.
        generator: draws them; None takes torch's global generator.

    Returns:
        (n,) int64, on the device of the generator.
    """
    device = torch.device("cpu") if generator is None else generator.device
    # Apple's GPUs have no float64.
    weights = torch.as_tensor(shares).to(device, torch.float32 if device.type == "mps" else torch.float64)
    return torch.multinomial(weights, n, replacement=True, generator=generator) if n else torch.zeros(0).long()
