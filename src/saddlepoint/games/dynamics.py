"""A method on a smooth game: its path, and the prediction of its linearisation at the equilibrium.

One step of a method is a map of its whole state. Near the equilibrium that map is its Jacobian, the *update operator*;
the largest modulus of its eigenvalues is the factor by which the distance shrinks a step, once the rest has died out.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.games.smooth import SmoothGame, flat, jacobian, ordered
from saddlepoint.optimisers.field import Method, State


def path(game: SmoothGame, method: Method, start: Sequence[Tensor], steps: int) -> Tensor:
    """(steps + 1, N): the parameters at the start and after every step, all players' side by side.

    It goes on where numbers overflow: a path that diverges ends in values that are not finite. steps: at least 0, else
    SettingError.
    """
    if steps < 0:
        raise SettingError(f"path: steps must be at least 0, got {steps!r}.")
    state = method.start(start)
    points = [flat(state[0])]
    for _ in range(steps):
        state = method.step(game.field, state)
        points.append(flat(state[0]))
    return torch.stack(points)


def distances(game: SmoothGame, points: Tensor) -> Tensor:
    """The distance (T,) of each of the points (T, N) from the equilibrium."""
    away: Tensor = torch.linalg.vector_norm(points - flat(list(game.equilibrium)), dim=1)
    return away


def update_operator(game: SmoothGame, method: Method) -> Tensor:
    """(M, M): the Jacobian, at the equilibrium, of one step as a map of the method's whole state of M numbers.

    Raises:
        ValueError: there is none: kinds of Adam divide by the gradient's size, which is 0 there.
    """
    # A step from the equilibrium stays there, but it gives the method a past, as within a path.
    state = method.step(game.field, method.start(game.equilibrium))
    lengths = [len(part) for part in state]

    def step(tensors: list[Tensor]) -> list[Tensor]:
        return _joined(method.step(game.field, _parted(tensors, lengths)))

    operator = jacobian(step, _joined(state))
    if not operator.isfinite().all():
        raise ValueError(f"a step of {method} has no linear part at the equilibrium of {game.name}")
    return operator


def update_spectrum(game: SmoothGame, method: Method) -> Tensor:
    """(M,) complex eigenvalues of the update operator, by imaginary part; inside the unit circle: it converges.

    What a method remembers adds eigenvalues of its own, 0 for a mere counter.
    """
    return ordered(torch.linalg.eigvals(update_operator(game, method)))


def predicted_contraction(game: SmoothGame, method: Method) -> float:
    """The factor a step by which the distance to the equilibrium shrinks in the long run; above 1 it grows."""
    return float(update_spectrum(game, method).abs().max())


def measured_contraction(game: SmoothGame, points: Tensor) -> float:
    """The geometric mean of the factor a step over the later half of a path (T, N), T at least 3.

    NaN where that part holds the equilibrium itself or values that are not finite.
    """
    later = distances(game, points)[len(points) // 2 :]
    return float((later[-1] / later[0]) ** (1 / (len(later) - 1)))


def _joined(state: State) -> list[Tensor]:
    return [tensor for part in state for tensor in part]


def _parted(tensors: list[Tensor], lengths: Sequence[int]) -> State:
    ends = torch.tensor(lengths).cumsum(0).tolist()
    return [tensors[end - length : end] for end, length in zip(ends, lengths, strict=True)]
