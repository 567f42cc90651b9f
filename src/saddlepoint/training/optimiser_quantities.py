"""Check the optimiser tensors of a checkpoint before they are loaded.

Fused kernels do not check their arguments: with moments of another shape they write outside of their memory, and the process
crashes.
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
    """The kind of a tensor that an optimiser stores for each parameter.

    Attributes:
        per_value: whether it has the shape of the parameter; otherwise it is a single number.
        is_floating: whether it has a floating-point type.
    """

    per_value: bool
    is_floating: bool


def quantities(settings: OptimiserSettings) -> tuple[dict[str, Quantity], set[str]]:
    """Find which tensors an optimiser stores for each parameter, by one step on a small parameter.

    Args:
        settings: of the optimiser.

    Returns:
        The quantities by name, and the names of those that exist also for a parameter that was never updated.
    """
    parameter = torch.zeros(2, 3, requires_grad=True)
    optimiser = build_optimiser([parameter], settings)
    parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    stored = optimiser.state_dict()["state"].get(0, {})
    always = {optimiser.KEPT, optimiser.MOVES} if isinstance(optimiser, WrappedOptimizer) else set()
    return {
        name: Quantity(value.shape == parameter.shape, value.is_floating_point())
        for name, value in stored.items()
        if isinstance(value, Tensor)
    }, always


def read_entries(
    player: str, tensors: Mapping[str, Tensor], parameters: Sequence[Tensor], settings: OptimiserSettings
) -> Entries:
    """Check the optimiser tensors of a player, and sort them by parameter.

    Args:
        player: its name; tensors of other players are skipped.
        tensors: by `player/index/quantity`, as in a checkpoint.
        parameters: of the optimiser, in order.
        settings: of the optimiser.

    Returns:
        The tensors by the parameter's index and the quantity's name.

    Raises:
        ValueError: a name, shape or type does not match the optimiser; the message says which.
    """
    known, always = quantities(settings)
    entries: Entries = {}
    for key, value in tensors.items():
        owner, _, rest = key.partition("/")
        index, _, name = rest.partition("/")
        if owner != player:
            continue
        if not index.isdecimal() or len(index) > 9 or int(index) >= len(parameters) or name not in known:
            raise ValueError(f"{settings.name} with {len(parameters)} parameters stores no tensor {key!r}")
        parameter, quantity = parameters[int(index)], known[name]
        shape = parameter.shape if quantity.per_value else torch.Size([])
        if value.shape != shape or value.is_floating_point() != quantity.is_floating:
            raise ValueError(f"{key!r} has shape {tuple(value.shape)} and type {value.dtype}, not shape {tuple(shape)}")
        entries.setdefault(int(index), {})[name] = value
    for number, entry in entries.items():
        if entry.keys() not in (known.keys(), always):
            missing = sorted(known.keys() - entry.keys())
            raise ValueError(f"{player}/{number} lacks {', '.join(missing)}")
    if always and entries and len(entries) < len(parameters):
        raise ValueError(f"{player} has tensors for only {len(entries)} of its {len(parameters)} parameters")
    return entries
