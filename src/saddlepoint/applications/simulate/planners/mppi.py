"""Model predictive path integral control: candidates are weighted by the exponential of their returns.

References:
    Information Theoretic MPC for Model-Based Reinforcement Learning (Grady Williams, Nolan Wagener, Brian Goldfain, Paul Drews, James
        Rehg, Byron Boots, Evangelos Theodorou, 2017), https://doi.org/10.1109/ICRA.2017.7989202
"""

from __future__ import annotations

import torch
from torch import Tensor

TEMPERATURE = 0.3  # standard deviations of the returns


def exponential(returns: Tensor) -> Tensor:
    """Weights in proportion to exp(return / temperature): returns (B, C) -> weights (B, C) that sum to 1.

    The temperature is relative to the spread of the returns, so that it does not depend on the units of rewards.
    """
    spread = returns.std(1, keepdim=True).clamp(min=1e-6)
    return torch.softmax(returns / (TEMPERATURE * spread), 1)
