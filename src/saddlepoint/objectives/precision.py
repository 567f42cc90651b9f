"""The precision of losses: networks may compute in bfloat16, losses sum in float32 or float64."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """Convert bfloat16 and float16 to float32; return float32 and float64 unchanged."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
