"""Random shooting: the best of random plans, the baseline of the other planners."""

from __future__ import annotations

import torch
from torch import Tensor


def best_alone(returns: Tensor) -> Tensor:
    """All weight on the best candidate: returns (B, C) -> weights (B, C) that sum to 1."""
    return torch.nn.functional.one_hot(returns.argmax(1), returns.shape[1]).to(returns)
