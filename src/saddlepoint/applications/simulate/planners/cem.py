"""The cross-entropy method: candidates are drawn near the best ones of the draw before.

References:
    The Cross-Entropy Method for Combinatorial and Continuous Optimization (Reuven Rubinstein, 1999),
        https://doi.org/10.1023/A:1010091220143
    Deep Reinforcement Learning in a Handful of Trials using Probabilistic Dynamics Models (Kurtland Chua, Roberto Calandra, Rowan
        McAllister, Sergey Levine, 2018), https://arxiv.org/abs/1805.12114
"""

from __future__ import annotations

import torch
from torch import Tensor

SHARE = 0.1  # of the candidates that are elites


def elites(returns: Tensor) -> Tensor:
    """Equal weights on the best tenth of the candidates: returns (B, C) -> weights (B, C) that sum to 1."""
    count = max(2, round(SHARE * returns.shape[1]))
    best = returns.topk(min(count, returns.shape[1]), 1).indices
    return torch.zeros_like(returns).scatter_(1, best, 1 / best.shape[1])
