"""Historical averaging: a penalty on the distance of the weights from their average over time.

If the players circle an equilibrium, their averages are near it, so that the penalty pulls inwards. At the equilibrium it
vanishes.

Improved Techniques for Training GANs (Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, 2016), section 3.3,
https://arxiv.org/abs/1606.03498
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from saddlepoint.optimisers.optimiser import evaluated
from saddlepoint.optimisers.wrapped import WrappedOptimizer, named_after


class HistoricalAveragingOptimizer(WrappedOptimizer):
    """Another optimiser, whose settings and groups it shares, on gradients with the pull added; `historical_averaging`
    makes it.

    The pull is the gradient of weight |w - mean|^2, the mean being that of the weights before each move so far, this one
    included, and a constant. A parameter without a gradient is not pulled.
    """

    KEPT, MOVES = "historical_mean", "historical_moves"

    def __init__(self, base: Optimizer, weight: float) -> None:
        super().__init__(base, moves=1)
        self.weight = weight

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = evaluated(closure)
        pulled = [(p, p.grad, mean) for p, mean in zip(self._parameters, self._kept, strict=True) if p.grad is not None]
        if pulled:
            parameters, gradients, means = (list(column) for column in zip(*pulled, strict=True))
            torch._foreach_add_(gradients, torch._foreach_sub(parameters, means), alpha=2 * self.weight)
        self.base.step()
        self._moves += 1
        torch._foreach_lerp_(self._kept, self._parameters, 1 / self._moves)
        return loss


def historical_averaging(base: Optimizer, weight: float) -> HistoricalAveragingOptimizer:
    """`base` on a loss to which weight |w - mean of w so far|^2 is added. weight: at least 0."""
    return named_after(HistoricalAveragingOptimizer, base)(base, weight)
