"""Smooth games of a few parameters whose equilibrium is known: their field, its Jacobian and its spectrum.

Every player owns one tensor and minimises its own loss, which depends on all tensors. The eigenvalues of the field's Jacobian
at an equilibrium describe the dynamics there: real parts are curvature, which makes the players converge; imaginary parts are
rotation, which makes them circle. A zero-sum game without curvature has only imaginary eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.optimisers.field import Field

# Every player's own loss, a scalar, from the tensors of all players.
Losses = Callable[[list[Tensor]], list[Tensor]]


@dataclass(frozen=True)
class SmoothGame:
    """A game of smooth losses; `losses(parameters)[i]` is minimised by the player that owns `parameters[i]`.

    Attributes:
        losses: torch operations on the tensors, one scalar a player.
        equilibrium: a point where the field vanishes; its tensors say shapes and type.
        players: their names.
    """

    name: str
    losses: Losses
    equilibrium: tuple[Tensor, ...]
    players: tuple[str, ...]

    def field(self, parameters: list[Tensor]) -> list[Tensor]:
        """Each player's gradient of its own loss with respect to its own tensor, shapes as the parameters'."""
        return [self._gradient(parameters, index) for index in range(len(self.players))]

    def jacobian(self, parameters: list[Tensor]) -> Tensor:
        """(N, N): how every entry of the field changes with every parameter, in the players' order."""
        return jacobian(self.field, parameters)

    def spectrum(self, parameters: list[Tensor] | None = None) -> Tensor:
        """(N,) complex eigenvalues of the Jacobian at `parameters` (None: at the equilibrium), by imaginary part."""
        return ordered(torch.linalg.eigvals(self.jacobian(list(parameters or self.equilibrium))))

    def _gradient(self, parameters: list[Tensor], index: int) -> Tensor:
        def own_loss(own: Tensor) -> Tensor:
            return self.losses([own if i == index else p for i, p in enumerate(parameters)])[index]

        gradient: Tensor = torch.func.grad(own_loss)(parameters[index])
        return gradient


def bilinear(matrix: Tensor) -> SmoothGame:
    """x^T M y, which the owner of x (m,) minimises and that of y (n,) maximises; matrix: (m, n). Equilibrium 0.

    The Jacobian is [[0, M], [-M^T, 0]]; its eigenvalues are ±i sigma for the singular values sigma of M, and 0 beyond them.
    """

    def losses(parameters: list[Tensor]) -> list[Tensor]:
        x, y = parameters
        value = x @ matrix @ y
        return [value, -value]

    rows, columns = matrix.shape
    return SmoothGame(
        "bilinear", losses, (matrix.new_zeros(rows), matrix.new_zeros(columns)), ("minimiser", "maximiser")
    )


def quadratic(minimiser: Tensor, matrix: Tensor, maximiser: Tensor) -> SmoothGame:
    """x^T S x / 2 + x^T M y - y^T T y / 2: the bilinear game with curvature S (m, m) and T (n, n), both symmetric.

    The Jacobian is [[S, M], [-M^T, T]] everywhere. Equilibrium 0.
    """

    def losses(parameters: list[Tensor]) -> list[Tensor]:
        x, y = parameters
        value = x @ minimiser @ x / 2 + x @ matrix @ y - y @ maximiser @ y / 2
        return [value, -value]

    rows, columns = matrix.shape
    zeros = (matrix.new_zeros(rows), matrix.new_zeros(columns))
    return SmoothGame("quadratic", losses, zeros, ("minimiser", "maximiser"))


def jacobian(field: Field, parameters: list[Tensor]) -> Tensor:
    """(N, N): the Jacobian of any map between lists of tensors of N entries in all."""
    shapes = [p.shape for p in parameters]

    def flattened(point: Tensor) -> Tensor:
        parts = torch.split(point, [shape.numel() for shape in shapes])
        return flat(field([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]))

    whole: Tensor = torch.func.jacrev(flattened)(flat(parameters))
    return whole


def flat(tensors: list[Tensor]) -> Tensor:
    """All entries in one vector (N,)."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def ordered(eigenvalues: Tensor) -> Tensor:
    """By imaginary part, then by real part, so that spectra can be compared."""
    values = sorted(eigenvalues.tolist(), key=lambda value: (round(value.imag, 12), value.real))
    return torch.tensor(values, dtype=eigenvalues.dtype)
