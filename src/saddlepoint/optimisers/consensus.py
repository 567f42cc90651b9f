"""Consensus optimisation: every player also minimises the norm of the field.

Added to each player's loss is weight / 2 |F|^2, whose gradient is J^T F with the field's Jacobian J. Where J is normal with
eigenvalue lambda, a step multiplies by 1 - rate (lambda + weight |lambda|^2): rotation is turned inwards. It converges to every
point where the field vanishes, also to those that are no equilibria, and needs second derivatives.

The Numerics of GANs (Mescheder, Nowozin, Geiger, 2017), https://arxiv.org/abs/1705.10461, algorithm 1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from saddlepoint.optimisers.field import Field, Rate, State, descend, transposed_product
from saddlepoint.optimisers.limits import Limited


@dataclass(frozen=True)
class Consensus(Limited):
    """w' = w - rate (F(w) + weight J^T F(w)).

    Attributes:
        rate: step size, above 0, or one a tensor.
        weight: how much the field's size counts, at least 0; 0 is plain descent.
    """

    rate: Rate = 0.1
    weight: float = 1.0

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        return [list(parameters)]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        (parameters,) = state
        gradients = field(parameters)
        towards = transposed_product(field, parameters, gradients)
        directions = [g + self.weight * t for g, t in zip(gradients, towards, strict=True)]
        return [descend(parameters, directions, self.rate)]
