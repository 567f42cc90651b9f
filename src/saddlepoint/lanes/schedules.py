"""The numbers that change from step to step, for all replicas: step sizes, what Lookahead goes back by, and moving averages."""

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
    """own: by player, each replica's optimiser; turns: the phases of a step in their order; steps: of the whole training;
    decays: of each replica's moving averages, in [0, 1).
    """

    own: Mapping[str, Sequence[OptimiserSettings]]
    turns: Sequence[Phase]
    steps: int
    decays: Sequence[float]
    device: torch.device

    def rates(self, first: int, count: int) -> list[list[Tensors]]:
        """By step from `first` on and by turn, the coefficients that change from step to step, (S,) each."""
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
        """(count, S): what share of the way the averages move at each step from `first` on."""
        table = {d: [1 - effective_decay(d, step) for step in range(first, first + count)] for d in set(self.decays)}
        return torch.tensor([table[d] for d in self.decays], dtype=torch.float32).T.contiguous().to(self.device)
