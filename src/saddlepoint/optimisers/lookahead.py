"""Lookahead for games: after every few steps of any method, go back part of the way to where they began.

Circling steps end up on the other side of the equilibrium or thereabouts; the point between is nearer to it. Where a step
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

SLOW, MOVES = "lookahead_slow", "lookahead_moves"


@dataclass(frozen=True)
class Lookahead:
    """One step is a round: `every` steps of `base`, then w + share (w_after - w); all players go back together.

    every: steps in a round, at least 1; share: of the way that is kept, in (0, 1]; 1 is the method alone.
    """

    base: Method = field(default_factory=Simultaneous)
    every: int = 10
    share: float = 0.5

    def start(self, parameters: Sequence[Tensor]) -> State:
        return self.base.start(parameters)

    def step(self, field: Field, state: State) -> State:
        slow = state[0]
        for _ in range(self.every):
            state = self.base.step(field, state)
        return [[torch.lerp(w, fast, self.share) for w, fast in zip(slow, state[0], strict=True)], *state[1:]]


class LookaheadOptimizer(Optimizer):
    """Lookahead around another optimiser, whose settings and groups it shares; see `lookahead`, which makes it.

    Each player goes back by itself, after its own last move of a round. The player that moves first therefore does so before
    the other's last move, where `Lookahead` has them go back together.
    """

    def __init__(self, base: Optimizer, every: int, share: float) -> None:
        super().__init__(base.param_groups, base.defaults)
        self.base, self.every, self.share = base, every, share
        self.param_groups = base.param_groups
        self._parameters: list[Tensor] = [p for group in base.param_groups for p in group["params"]]
        self._slow = [p.detach().clone(memory_format=torch.preserve_format) for p in self._parameters]
        self._moves = 0

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = self.base.step(closure)
        self._moves += 1
        if self._moves == self.every:
            self._moves = 0
            torch._foreach_lerp_(self._slow, self._parameters, self.share)
            torch._foreach_copy_(self._parameters, self._slow)
        return loss

    def state_dict(self) -> dict[str, Any]:
        whole = self.base.state_dict()
        kept = dict(whole["state"])
        for index, slow in enumerate(self._slow):
            kept[index] = {**kept.get(index, {}), SLOW: slow, MOVES: torch.tensor(self._moves)}
        return whole | {"state": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        own = (SLOW, MOVES)
        kept = state_dict["state"]
        rest = {index: {k: v for k, v in entries.items() if k not in own} for index, entries in kept.items()}
        self.base.load_state_dict(
            state_dict | {"state": {index: entries for index, entries in rest.items() if entries}}
        )
        # Loading made new groups.
        self.param_groups = self.base.param_groups
        if kept:
            torch._foreach_copy_(self._slow, [kept[index][SLOW] for index in range(len(self._slow))])
            self._moves = int(kept[0][MOVES])


def lookahead(base: Optimizer, every: int, share: float = 0.5) -> LookaheadOptimizer:
    """`base`, which after every `every` of its steps goes back to w_slow + share (w - w_slow).

    every: at least 1; share: in (0, 1].
    """
    # Its name is that of what it wraps too, so that a checkpoint of one kind is not taken for one of another.
    kind = type(f"Lookahead{type(base).__name__}", (LookaheadOptimizer,), {})
    wrapped: LookaheadOptimizer = kind(base, every, share)
    return wrapped
