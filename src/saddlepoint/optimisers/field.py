"""The field of a game: the gradients of all players' own losses together.

A game of several players has no common loss. It has a *field*: at every point, the gradients of each player's own loss with
respect to that player's own parameters. Descent follows the field, and an equilibrium is a point where it vanishes. Unlike
that of a gradient, its Jacobian is not symmetric, and its eigenvalues may be complex, which makes the players circle.

A *method* is two pure functions, `start` and `step`, on a state whose first part is the parameters. The rest of the state is
what the method remembers (past gradients, moments), so that one step is one map whose spectrum can be computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from saddlepoint.errors import SettingError

# Parameters -> gradients of each tensor's player's own loss, shapes alike. Made of torch operations throughout, so that
# torch.func can take its Jacobian.
Field = Callable[[list[Tensor]], list[Tensor]]
State = list[list[Tensor]]
# One step size for all tensors, or one a tensor: two time scales.
Rate = float | tuple[float, ...]


class Method(Protocol):
    """A method for games: `start` makes the state, whose first part is the parameters, and `step` the next state."""

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step."""

    def step(self, field: Field, state: State) -> State:
        """The state after one more step; nothing is changed in place."""


def descend(parameters: Sequence[Tensor], directions: Sequence[Tensor], rate: Rate) -> list[Tensor]:
    """p - rate * direction for every tensor. Raises SettingError unless there is one rate, or one a tensor."""
    rates = [rate] * len(parameters) if isinstance(rate, int | float) else list(rate)
    if len(rates) != len(parameters):
        raise SettingError(
            f"{len(parameters)} tensors move, but {len(rates)} rates are given: give one, or one a tensor."
        )
    return [p - own * direction for p, own, direction in zip(parameters, rates, directions, strict=True)]


def jacobian_product(field: Field, parameters: list[Tensor], vector: list[Tensor]) -> list[Tensor]:
    """J v, where J is the Jacobian of `field` at `parameters`."""
    # By reverse mode twice: u -> J^T u is linear, and its own transpose is J. Forward mode lacks some operations.
    pull_back = torch.func.vjp(field, parameters)[1]
    transposed = torch.func.vjp(lambda u: pull_back(u)[0], [torch.zeros_like(v) for v in vector])[1]
    product: list[Tensor] = transposed(vector)[0]
    return product


def transposed_product(field: Field, parameters: list[Tensor], vector: list[Tensor]) -> list[Tensor]:
    """J^T v, where J is the Jacobian of `field` at `parameters`."""
    pull_back = torch.func.vjp(field, parameters)[1]
    product: list[Tensor] = pull_back(vector)[0]
    return product


def inner(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """The inner product of two lists of tensors: a scalar."""
    return torch.stack([(a * b).sum() for a, b in zip(first, second, strict=True)]).sum()
