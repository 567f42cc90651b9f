"""Historical averaging: a player also pays for how far it is from where it has been on average.

Players that circle an equilibrium have it in the middle of their way: the pull towards their own average is a pull inwards,
and the average of a player that has arrived stops pulling.

Improved Techniques for Training GANs (Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, 2016), section 3.3,
https://arxiv.org/abs/1606.03498
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from saddlepoint.optimisers.optimiser import evaluated

MEAN, MOVES = "historical_mean", "historical_moves"


class HistoricalAveragingOptimizer(Optimizer):
    """Another optimiser, whose settings and groups it shares, on gradients with the pull added; `historical_averaging`
    makes it.

    The pull is the gradient of weight |w - mean|^2, the mean being that of the weights before each move so far, this one
    included, and a constant. A parameter without a gradient is not pulled.
    """

    def __init__(self, base: Optimizer, weight: float) -> None:
        super().__init__(base.param_groups, base.defaults)
        self.base, self.weight = base, weight
        self.param_groups = base.param_groups
        self._parameters: list[Tensor] = [p for group in base.param_groups for p in group["params"]]
        self._means = [p.detach().clone(memory_format=torch.preserve_format) for p in self._parameters]
        self._moves = 1

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = evaluated(closure)
        pulled = [
            (p, p.grad, mean) for p, mean in zip(self._parameters, self._means, strict=True) if p.grad is not None
        ]
        if pulled:
            parameters, gradients, means = (list(column) for column in zip(*pulled, strict=True))
            torch._foreach_add_(gradients, torch._foreach_sub(parameters, means), alpha=2 * self.weight)
        self.base.step()
        self._moves += 1
        torch._foreach_lerp_(self._means, self._parameters, 1 / self._moves)
        return loss

    def state_dict(self) -> dict[str, Any]:
        whole = self.base.state_dict()
        kept = dict(whole["state"])
        for index, mean in enumerate(self._means):
            kept[index] = {**kept.get(index, {}), MEAN: mean, MOVES: torch.tensor(self._moves)}
        return whole | {"state": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        own = (MEAN, MOVES)
        kept = state_dict["state"]
        rest = {index: {k: v for k, v in entries.items() if k not in own} for index, entries in kept.items()}
        self.base.load_state_dict(
            state_dict | {"state": {index: entries for index, entries in rest.items() if entries}}
        )
        # Loading made new groups.
        self.param_groups = self.base.param_groups
        if kept:
            torch._foreach_copy_(self._means, [kept[index][MEAN] for index in range(len(self._means))])
            self._moves = int(kept[0][MOVES])


def historical_averaging(base: Optimizer, weight: float) -> HistoricalAveragingOptimizer:
    """`base` on a loss to which weight |w - mean of w so far|^2 is added. weight: at least 0."""
    # Its name is that of what it wraps too, so that a checkpoint of one kind is not taken for one of another.
    kind = type(f"HistoricalAveraging{type(base).__name__}", (HistoricalAveragingOptimizer,), {})
    wrapped: HistoricalAveragingOptimizer = kind(base, weight)
    return wrapped
