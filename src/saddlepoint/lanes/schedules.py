"""Coefficients that change from step to step: learning rates, corrections, lookahead, and moving averages of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.lanes.game import Tensors
from saddlepoint.lanes.optimisers import by_step
from saddlepoint.objectives.phase import Phase
from saddlepoint.training.ema import effective_decay
from saddlepoint.training.settings import OptimiserSettings


@dataclass(frozen=True)
class Schedules:
    """The schedules of all replicas.

    Attributes:
        own: by player, the optimiser settings of each replica.
        turns: the phases of a step, in order.
        steps: of the whole training.
        decays: of each replica's moving averages, in [0, 1).
        device: of the coefficients.
    """

    own: Mapping[str, Sequence[OptimiserSettings]]
    turns: Sequence[Phase]
    steps: int
    decays: Sequence[float]
    device: torch.device

    def rates(self, first: int, count: int) -> list[list[Tensors]]:
        """Return the coefficients of `count` steps, beginning with step `first`, by step and turn, (S,) each."""
        columns: dict[str, Tensors] = {}
        moves = {name: sum(turn.player == name for turn in self.turns) for name in self.own}
        for name, own in self.own.items():
            found = by_step(own, first, count, self.steps, moves[name])
            columns[name] = {key: value.float().to(self.device) for key, value in found.items()}
        order = [sum(earlier.player == turn.player for earlier in self.turns[:i]) for i, turn in enumerate(self.turns)]
        return [
            [
                {key: value[step, move] for key, value in columns[turn.player].items()}
                for turn, move in zip(self.turns, order, strict=True)
            ]
            for step in range(count)
        ]

    def shares(self, first: int, count: int) -> Tensor:
        """Return the shares by which moving averages approach the weights, (count, S), beginning with step `first`."""
        table = {d: [1 - effective_decay(d, step) for step in range(first, first + count)] for d in set(self.decays)}
        return torch.tensor([table[d] for d in self.decays], dtype=torch.float32).T.contiguous().to(self.device)
