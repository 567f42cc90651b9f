"""The memory layout of replicas, and whether their step is compiled, decided by estimated costs.

The replicas are the first axis of every tensor, as `vmap` prefers. If the step is compiled into loops over the replicas, they are
the last axis, because loops are fast over contiguous numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.lanes.game import Pieces, StackedGame

# Seconds, measured on two cores (benchmarks/lanes.py): duration of compiling, and time saved per step, and per step and replica.
COMPILING, STEP_SAVES, REPLICA_SAVES = 15.0, 0.9e-3, 5e-6
FUSED_WIDTH = 32  # layers up to this width are faster with loops over the replicas than with matrix products


@dataclass(frozen=True)
class Layout:
    """Where the replicas are in memory, and how their step runs.

    Attributes:
        device: of the replicas.
        compiled: whether the step is compiled.
        fused: whether the compiled step becomes loops over the replicas.
    """

    device: torch.device
    compiled: bool
    fused: bool

    @classmethod
    def choose(cls, game: StackedGame, device: torch.device, steps: int, compiled: bool | None) -> Layout:
        """Choose the layout with the lowest estimated cost.

        Args:
            game: what is trained.
            device: of the replicas.
            steps: number of training steps.
            compiled: whether to compile; None compiles if that saves more time than it takes.
        """
        # Kernels of convolutions have more than two axes.
        shapes = [entry.shape for own in game.entries.values() for entry in own]
        narrow = all(len(shape) <= 2 and max(shape, default=1) <= FUSED_WIDTH for shape in shapes)
        fusible = device.type == "cpu" and narrow
        if compiled is None:
            compiled = fusible and steps * (STEP_SAVES + REPLICA_SAVES * len(game.models)) > COMPILING
        return cls(device, compiled, compiled and fusible)

    @property
    def axis(self) -> int:
        """The axis of the replicas within the step."""
        return -1 if self.fused else 0

    def inner(self, value: Tensor) -> Tensor:
        """(S, ...) with the replicas moved to `axis`, on the device."""
        return (value.movedim(0, -1) if self.fused else value).contiguous().to(self.device)

    def outer(self, value: Tensor) -> Tensor:
        """The inverse of `inner`, except for the device."""
        return value.movedim(-1, 0) if self.fused else value

    def join(self, pieces: Pieces) -> Tensor:
        """A player's pieces joined to (S, P)."""
        return torch.cat([self.outer(piece) for piece in pieces], 1)
