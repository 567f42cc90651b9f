"""Optimistic descent: move twice along the present gradient and once back along the past one.

The difference of the last two gradients predicts the next one, so this is extragradient at the cost of descent: one gradient
a step. Where lambda is an eigenvalue of the field's Jacobian, a step has the eigenvalues
(1 - 2 a ± sqrt(1 + 4 a^2)) / 2 with a = rate lambda: inside the unit circle for imaginary lambda while |a| < 1 / sqrt(3).

Training GANs with Optimism (Daskalakis, Ilyas, Syrgkanis, Zeng, 2018), https://arxiv.org/abs/1711.00141, equation 6 and
algorithm 1; the method: A modification of the Arrow-Hurwicz method for search of saddle points (Popov, 1980),
https://doi.org/10.1007/BF01141092
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from saddlepoint.optimisers.field import Field, Rate, State, descend
from saddlepoint.optimisers.limits import Limited
from saddlepoint.optimisers.moments import Moments, direction, no_moments
from saddlepoint.optimisers.optimiser import GameAdam, evaluated, moving


@dataclass(frozen=True)
class Optimistic(Limited):
    """w' = w - rate (2 F(w) - F(w_before)); the first step, which has no past, is a plain one.

    Attributes:
        rate: step size, above 0, or one a tensor.
    """

    rate: Rate = 0.1

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        # F(w_before), as far as there is one: the counter says whether.
        return [list(parameters), [torch.zeros_like(p) for p in parameters], [torch.zeros_like(parameters[0].sum())]]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        parameters, previous, (begun,) = state
        gradients = field(parameters)
        return [
            descend(parameters, _forward(gradients, previous, begun), self.rate),
            gradients,
            [torch.ones_like(begun)],
        ]


@dataclass(frozen=True)
class OptimisticAdam(Limited):
    """w' = w - rate (2 u - u_before), where u is Adam's direction; the first step is a plain one.

    Attributes:
        rate: step size, above 0, or one a tensor.
        betas: decay rates of the moments, in [0, 1).
        epsilon: added to the root.
    """

    rate: Rate = 0.01
    betas: tuple[float, float] = (0.5, 0.9)
    epsilon: float = 1e-8

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        first, second, updates = no_moments(parameters)
        return [list(parameters), [torch.zeros_like(p) for p in parameters], first, second, [updates]]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        parameters, previous, first, second, (updates,) = state
        moments = Moments(first, second, updates)
        directions, after = direction(field(parameters), moments, self.betas, self.epsilon)
        begun = (updates > 0).to(updates.dtype)
        forward = _forward(directions, previous, begun)
        return [descend(parameters, forward, self.rate), directions, after.first, after.second, [after.updates]]


def _forward(now: Sequence[Tensor], before: Sequence[Tensor], begun: Tensor) -> list[Tensor]:
    """2 now - before; now alone where `begun` is 0."""
    return [u + begun * (u - v) for u, v in zip(now, before, strict=True)]


class OptimisticSGD(Optimizer):
    """`Optimistic` for networks: one gradient a step, and one kept.

    Args:
        lr: step size.
        weight_decay: times the parameters, added to the gradient.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = evaluated(closure)
        for group in self.param_groups:
            parameters, gradients = moving(group)
            if parameters:
                _forward_step(self, group["lr"], parameters, gradients)
        return loss


class OptimisticAdamOptimizer(GameAdam):
    """`OptimisticAdam` for networks: one gradient a step.

    lr: step size; betas, eps: Adam's; weight_decay: times the parameters, added to the gradient.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = evaluated(closure)
        for group in self.param_groups:
            parameters, gradients = moving(group)
            if parameters:
                _forward_step(self, group["lr"], parameters, self.directions(group, parameters, gradients))
        return loss


def _forward_step(optimiser: Optimizer, rate: float, parameters: list[Tensor], directions: list[Tensor]) -> None:
    """p -= rate (2 direction - the one before), in place; the direction is kept as `previous`."""
    states = [optimiser.state[p] for p in parameters]
    for state, now in zip(states, directions, strict=True):
        if "previous" not in state:
            state["previous"] = now.clone()
    kept = [state["previous"] for state in states]
    torch._foreach_add_(parameters, directions, alpha=-2 * rate)
    torch._foreach_add_(parameters, kept, alpha=rate)
    torch._foreach_copy_(kept, directions)
