"""Extragradient: compute a step ahead, and move along the gradient at that point.

Where lambda is an eigenvalue of the field's Jacobian, a step multiplies by 1 - a + a^2 with a = rate lambda: for
imaginary lambda its modulus is sqrt(1 - |a|^2 + |a|^4), inside the unit circle while |a| < 1.

The extragradient method for finding saddle points and other problems (Korpelevich, 1976); for GANs, with the extrapolation
from the past and Extra-Adam: A Variational Inequality Perspective on Generative Adversarial Networks (Gidel, Berard,
Vignoud, Vincent, Lacoste-Julien, 2019), https://arxiv.org/abs/1802.10551, algorithms 2 to 4
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint.optimisers.field import Field, Rate, State, descend
from saddlepoint.optimisers.limits import Limited
from saddlepoint.optimisers.moments import Moments, direction, no_moments
from saddlepoint.optimisers.optimiser import GameAdam, evaluated, moving


@dataclass(frozen=True)
class Extragradient(Limited):
    """w_ahead = w - rate F(w); w' = w - rate F(w_ahead). Two gradients a step.

    Attributes:
        rate: step size, above 0, or one a tensor.
    """

    rate: Rate = 0.1

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        return [list(parameters)]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        (parameters,) = state
        ahead = descend(parameters, field(parameters), self.rate)
        return [descend(parameters, field(ahead), self.rate)]


@dataclass(frozen=True)
class PastExtragradient(Limited):
    """w_ahead = w - rate F(previous w_ahead); w' = w - rate F(w_ahead). One gradient a step, and one stored.

    Its extrapolated points are those of optimistic descent. The first one, without a past gradient, is the start.

    Attributes:
        rate: step size, above 0, or one a tensor.
    """

    rate: Rate = 0.1

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        return [list(parameters), [torch.zeros_like(p) for p in parameters]]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        parameters, previous = state
        gradients = field(descend(parameters, previous, self.rate))
        return [descend(parameters, gradients, self.rate), gradients]


@dataclass(frozen=True)
class ExtraAdam(Limited):
    """Extragradient along Adam's directions; the moments take in both gradients of a step.

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
        return [list(parameters), first, second, [updates]]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        parameters, first, second, (updates,) = state
        moments = Moments(first, second, updates)
        ahead, moments = direction(field(parameters), moments, self.betas, self.epsilon)
        gradients = field(descend(parameters, ahead, self.rate))
        directions, after = direction(gradients, moments, self.betas, self.epsilon)
        return [descend(parameters, directions, self.rate), after.first, after.second, [after.updates]]


@dataclass(frozen=True)
class PastExtraAdam(Limited):
    """Extra-Adam that extrapolates along the previous extrapolated gradient (option 2 of algorithm 4): one gradient a step.

    The parameters in the state are the extrapolated points, at which gradients are taken and which training sees as the
    network. The points from which they are extrapolated are the state's second part.

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
        return [list(parameters), list(parameters), first, second, [updates]]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        ahead, base, first, second, (updates,) = state
        gradients = field(ahead)
        directions, moments = direction(gradients, Moments(first, second, updates), self.betas, self.epsilon)
        base = descend(base, directions, self.rate)
        ahead, after = direction(gradients, moments, self.betas, self.epsilon)
        return [descend(base, ahead, self.rate), base, after.first, after.second, [after.updates]]


class ExtraAdamOptimizer(GameAdam):
    """`PastExtraAdam` for networks: one gradient a step, so that any training loop can play it.

    A network's parameters are the extrapolated points; the points before extrapolation are kept as `base`.
    lr: step size; betas, eps: Adam's; weight_decay: times the parameters, added to the gradient.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = evaluated(closure)
        for group in self.param_groups:
            parameters, gradients = moving(group)
            if not parameters:
                continue
            for p in parameters:
                if "base" not in self.state[p]:
                    self.state[p]["base"] = p.detach().clone(memory_format=torch.preserve_format)
            bases = [self.state[p]["base"] for p in parameters]
            torch._foreach_add_(bases, self.directions(group, parameters, gradients), alpha=-group["lr"])
            ahead = self.directions(group, parameters, gradients)
            torch._foreach_copy_(parameters, bases)
            torch._foreach_add_(parameters, ahead, alpha=-group["lr"])
        return loss
