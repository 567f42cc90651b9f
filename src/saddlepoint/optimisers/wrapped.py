"""An optimiser around another one, which shares its settings and groups and adds one tensor per parameter to its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer

W = TypeVar("W", bound="WrappedOptimizer")


class WrappedOptimizer(Optimizer):
    """`base`, with one tensor like each parameter kept beside it (at first the parameter itself) and a count of moves.

    `state_dict` holds both beside the entries of `base` for a parameter, under the names KEPT and MOVES.
    """

    KEPT: ClassVar[str]
    MOVES: ClassVar[str]

    def __init__(self, base: Optimizer, moves: int) -> None:
        super().__init__(base.param_groups, base.defaults)
        self.base = base
        self.param_groups = base.param_groups
        self._parameters: list[Tensor] = [p for group in base.param_groups for p in group["params"]]
        self._kept = [p.detach().clone(memory_format=torch.preserve_format) for p in self._parameters]
        self._moves = moves

    @torch.no_grad()
    def take_over(self, entries: Mapping[Tensor, Tensor]) -> None:
        """Set the stored copies of these entries to their present values. entries: by parameter, a mask of its shape."""
        for kept, parameter in zip(self._kept, self._parameters, strict=True):
            if parameter in entries:
                kept[entries[parameter]] = parameter[entries[parameter]]

    def state_dict(self) -> dict[str, Any]:
        whole = self.base.state_dict()
        state = dict(whole["state"])
        for index, kept in enumerate(self._kept):
            state[index] = {**state.get(index, {}), self.KEPT: kept, self.MOVES: torch.tensor(self._moves)}
        return whole | {"state": state}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        own = (self.KEPT, self.MOVES)
        state = state_dict["state"]
        rest = {index: {k: v for k, v in entries.items() if k not in own} for index, entries in state.items()}
        self.base.load_state_dict(
            state_dict | {"state": {index: entries for index, entries in rest.items() if entries}}
        )
        # Loading made new groups.
        self.param_groups = self.base.param_groups
        if state:
            torch._foreach_copy_(self._kept, [state[index][self.KEPT] for index in range(len(self._kept))])
            self._moves = int(state[0][self.MOVES])


def named_after(kind: type[W], base: Optimizer) -> type[W]:
    """`kind` under a name that contains the wrapped optimiser, so that checkpoints of different kinds are not confused."""
    return type(f"{kind.__name__.removesuffix('Optimizer')}{type(base).__name__}", (kind,), {})
