"""Lookahead for games: after every few steps of any method, go back part of the way to their start.

Circling steps tend to end on the other side of the equilibrium, and a point in between is nearer to it. Where a step
multiplies by z, a round of k steps multiplies by 1 - share + share z^k.

Taming GANs with Lookahead-Minmax (Chavdarova, Pagliardini, Stich, Fleuret, Jaggi, 2021), https://arxiv.org/abs/2006.14567,
algorithm 1; for one player: Lookahead Optimizer: k steps forward, 1 step back (Zhang, Lucas, Hinton, Ba, 2019),
https://arxiv.org/abs/1907.08610
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from saddlepoint.optimisers.descent import Simultaneous
from saddlepoint.optimisers.field import Field, Method, State
from saddlepoint.optimisers.limits import Limited
from saddlepoint.optimisers.wrapped import WrappedOptimizer, named_after


@dataclass(frozen=True)
class Lookahead(Limited):
    """One step is a round: `every` steps of `base`, then w + share (w_after - w); all players go back together.

    Attributes:
        every: steps in a round, at least 1.
        share: of the way that is kept, in (0, 1]; 1 is the method alone.
    """

    base: Method = field(default_factory=Simultaneous)
    every: int = 10
    share: float = 0.5

    def start(self, parameters: Sequence[Tensor]) -> State:
        """The state before the first step: the parameters and what the method remembers."""
        return self.base.start(parameters)

    def step(self, field: Field, state: State) -> State:
        """The state after one step of the method from `state` on `field`."""
        slow = state[0]
        for _ in range(self.every):
            state = self.base.step(field, state)
        return [[torch.lerp(w, fast, self.share) for w, fast in zip(slow, state[0], strict=True)], *state[1:]]


class LookaheadOptimizer(WrappedOptimizer):
    """Lookahead around another optimiser, whose settings and groups it shares; see `lookahead`, which makes it.

    Each player goes back by itself, after its own last move of a round. The player that moves first therefore does so before
    the other's last move, where `Lookahead` has them go back together.
    """

    KEPT, MOVES = "lookahead_slow", "lookahead_moves"

    def __init__(self, base: Optimizer, every: int, share: float) -> None:
        super().__init__(base, moves=0)
        self.every, self.share = every, share

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = self.base.step(closure)
        self._moves += 1
        if self._moves == self.every:
            self._moves = 0
            torch._foreach_lerp_(self._kept, self._parameters, self.share)
            torch._foreach_copy_(self._parameters, self._kept)
        return loss


def lookahead(base: Optimizer, every: int, share: float = 0.5) -> LookaheadOptimizer:
    """`base`, which after every `every` of its steps goes back to w_slow + share (w - w_slow).

    Args:
        every: at least 1.
        share: in (0, 1].
    """
    return named_after(LookaheadOptimizer, base)(base, every, share)
