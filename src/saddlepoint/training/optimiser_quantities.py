"""Which tensors an optimiser keeps of every parameter, so that those of a checkpoint can be checked before they are used.

Fused kernels trust their arguments: moments of another shape make them write where they must not, and the process dies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.optimisers.wrapped import WrappedOptimizer
from saddlepoint.training.optimiser import build_optimiser
from saddlepoint.training.settings import OptimiserSettings

Entries = dict[int, dict[str, Tensor]]


@dataclass(frozen=True)
class Quantity:
    """Whether a quantity has one value for each of the parameter's or is a single number, and whether it is a count."""

    per_value: bool
    is_floating: bool


def quantities(settings: OptimiserSettings) -> tuple[dict[str, Quantity], set[str]]:
    """What an optimiser keeps of a parameter once it has moved it, found by moving one.

    Returns:
        The quantities by name, and the names of those that exist also for a parameter that has never moved.
    """
    parameter = torch.zeros(2, 3, requires_grad=True)
    optimiser = build_optimiser([parameter], settings)
    parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    kept = optimiser.state_dict()["state"].get(0, {})
    always = {optimiser.KEPT, optimiser.MOVES} if isinstance(optimiser, WrappedOptimizer) else set()
    return {
        name: Quantity(value.shape == parameter.shape, value.is_floating_point())
        for name, value in kept.items()
        if isinstance(value, Tensor)
    }, always


def read_entries(
    player: str, tensors: Mapping[str, Tensor], parameters: Sequence[Tensor], settings: OptimiserSettings
) -> Entries:
    """A player's tensors by index of the parameter, checked.

    Args:
        player: its name; tensors of other players are left out.
        tensors: `player/index/quantity` -> tensor, as a checkpoint holds them.
        parameters: of the optimiser, in order.
        settings: of the optimiser.

    Raises:
        ValueError: a name, shape or type is not what the optimiser keeps; the message says which.
    """
    known, always = quantities(settings)
    entries: Entries = {}
    for key, value in tensors.items():
        owner, _, rest = key.partition("/")
        index, _, name = rest.partition("/")
        if owner != player:
            continue
        if not index.isdecimal() or len(index) > 9 or int(index) >= len(parameters) or name not in known:
            raise ValueError(f"{key!r} is nothing that {settings.name} keeps of {len(parameters)} parameters")
        parameter, quantity = parameters[int(index)], known[name]
        shape = parameter.shape if quantity.per_value else torch.Size([])
        if value.shape != shape or value.is_floating_point() != quantity.is_floating:
            raise ValueError(f"{key!r} has shape {tuple(value.shape)} and type {value.dtype}, not shape {tuple(shape)}")
        entries.setdefault(int(index), {})[name] = value
    for number, entry in entries.items():
        if entry.keys() not in (known.keys(), always):
            missing = sorted(known.keys() - entry.keys())
            raise ValueError(f"{player}/{number} is without {', '.join(missing)}")
    if always and entries and len(entries) < len(parameters):
        raise ValueError(f"{player} has tensors of {len(entries)} of {len(parameters)} parameters")
    return entries
