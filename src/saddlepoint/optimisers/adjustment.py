"""Symplectic gradient adjustment: turn the rotating part of the field inwards and leave the descending part unchanged.

The field's Jacobian is J = S + A with S symmetric (as of a common loss) and A antisymmetric (as of a zero-sum game); the
adjustment adds A^T F. In a game of common interest A = 0 and it is plain descent. Where S = 0, a step multiplies by
1 - rate (lambda + weight |lambda|^2).

The Mechanics of n-Player Differentiable Games (Balduzzi, Racanière, Martens, Foerster, Tuyls, Graepel, 2018),
https://arxiv.org/abs/1802.05642, algorithms 1 and 2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.optimisers.field import (
    Field,
    Rate,
    State,
    descend,
    inner,
    jacobian_product,
    transposed_product,
)
from saddlepoint.optimisers.limits import Limited

LEAN = 0.1  # the paper's epsilon: in doubt, adjust inwards


@dataclass(frozen=True)
class SymplecticAdjustment(Limited):
    """w' = w - rate (F(w) ± weight A^T F(w)).

    Attributes:
        rate: step size, above 0, or one a tensor.
        weight: of the adjustment, at least 0; 0 is plain descent.
        aligned: the sign is chosen such that stable points attract and unstable ones repel; without it, it is always
            plus.
    """

    rate: Rate = 0.1
    weight: float = 1.0
    aligned: bool = True

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        return [list(parameters)]

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        (parameters,) = state
        gradients = field(parameters)
        # J^T F is the gradient of |F|^2 / 2, the Hamiltonian; A^T F is half its difference from J F.
        hamiltonian = transposed_product(field, parameters, gradients)
        along = jacobian_product(field, parameters, gradients)
        adjustment = [(t - j) / 2 for t, j in zip(hamiltonian, along, strict=True)]
        weight: Tensor | float = self.weight
        if self.aligned:
            size = sum(p.numel() for p in parameters)
            agreement = inner(gradients, hamiltonian) * inner(adjustment, hamiltonian) / size
            weight = self.weight * torch.sign(agreement + LEAN)
        directions = [g + weight * a for g, a in zip(gradients, adjustment, strict=True)]
        return [descend(parameters, directions, self.rate)]
