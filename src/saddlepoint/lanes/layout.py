"""How the replicas lie in memory, and whether their step is compiled: one decision, by what it would cost and save.

The replicas are the first axis of every tensor, as `vmap` likes it. Where a step is compiled into loops over the replicas, they
are the last one: a loop wants its numbers side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.lanes.game import Pieces, StackedGame

# Seconds, measured on two cores (benchmarks/lanes.py): what compiling takes, and saves a step, and a step and replica.
COMPILING, STEP_SAVES, REPLICA_SAVES = 15.0, 0.9e-3, 5e-6
FUSED_WIDTH = 32  # layers up to so wide gain by loops over the replicas instead of matrix products


@dataclass(frozen=True)
class Layout:
    """device: where the replicas are. compiled: whether the step is. fused: whether it becomes loops over the replicas."""

    device: torch.device
    compiled: bool
    fused: bool

    @classmethod
    def chosen(cls, game: StackedGame, device: torch.device, steps: int, compiled: bool | None) -> Layout:
        """The layout for `steps` steps of `game`; compiled None decides whether compiling saves more than it takes."""
        # Kernels of convolutions have more than two axes.
        shapes = [entry.shape for own in game.entries.values() for entry in own]
        narrow = all(len(shape) <= 2 and max(shape, default=1) <= FUSED_WIDTH for shape in shapes)
        fusible = device.type == "cpu" and narrow
        if compiled is None:
            compiled = fusible and steps * (STEP_SAVES + REPLICA_SAVES * len(game.models)) > COMPILING
        return cls(device, compiled, compiled and fusible)

    @property
    def axis(self) -> int:
        """That of the replicas within the step."""
        return -1 if self.fused else 0

    def inner(self, value: Tensor) -> Tensor:
        """(S, ...) with the replicas where the step has them, on the device."""
        return (value.movedim(0, -1) if self.fused else value).contiguous().to(self.device)

    def outer(self, value: Tensor) -> Tensor:
        """Undo `inner`, but for the device."""
        return value.movedim(-1, 0) if self.fused else value

    def joined(self, pieces: Pieces) -> Tensor:
        """(S, P) from a player's pieces."""
        return torch.cat([self.outer(piece) for piece in pieces], 1)
