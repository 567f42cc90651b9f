"""Plain gradient descent in a game, with simultaneous or alternating moves: the baseline of the other methods.

With eigenvalue lambda of the field's Jacobian, a simultaneous step multiplies by 1 - rate lambda, which is outside the unit
circle for every imaginary lambda: around the equilibrium of a zero-sum game without curvature, descent spirals out.
Alternating steps stay on a closed curve there.

Two time scales are one rate a tensor: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium
(Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, 2017), https://arxiv.org/abs/1706.08500
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from saddlepoint.optimisers.field import Field, Rate, State, descend
from saddlepoint.optimisers.limits import Limited


@dataclass(frozen=True)
class Simultaneous(Limited):
    """w' = w - rate F(w): all players move by their gradients at the same point.

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
        return [descend(parameters, field(parameters), self.rate)]


@dataclass(frozen=True)
class Alternating(Limited):
    """The players move in turn, each from the point that the earlier moves reached; one step is one turn of each.

    Attributes:
        rate: step size, above 0, or one a tensor.
        players: indices of the tensors that move together, in the order of the turns; empty: each tensor is a player,
            the last one first, as a discriminator moves before its generator.
    """

    rate: Rate = 0.1
    players: tuple[tuple[int, ...], ...] = ()

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        return [list(parameters)]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        (parameters,) = state
        turns = self.players or tuple((index,) for index in reversed(range(len(parameters))))
        for turn in turns:
            after = descend(parameters, field(parameters), self.rate)
            parameters = [after[index] if index in turn else p for index, p in enumerate(parameters)]
        return [parameters]
