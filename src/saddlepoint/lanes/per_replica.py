"""A number that differs between replicas: it replaces a plain number in a model's settings.

A loss for one run computes `weight * penalty`. If the weight is a `PerReplica`, the same line multiplies every replica's penalty
by the replica's own weight, which is read from stacked buffers under `vmap`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from saddlepoint.errors import SettingError

Number = int | float


class PerReplica:
    """The value of a setting in every replica.

    A comparison (`if weight > 0`) must have the same result for all replicas, because otherwise their games would differ; if not,
    it raises SettingError. The exception is `if weight`, the check whether a term exists: it is true if the weight of any replica
    is not 0. For replicas with a weight of 0 the term is 0.

    Args:
        name: of the setting.
        values: one per replica.
        read: returns the replica's value () under vmap; None until the networks are stacked.
    """

    def __init__(self, name: str, values: Sequence[float], read: Callable[[], Tensor] | None = None) -> None:
        self.name = name
        self.values = tuple(values)
        self._read = read

    def bind(self, home: nn.Module, key: str) -> None:
        """Read the values from the buffer `key` of `home` from now on."""
        self._read = lambda: home.get_buffer(key)

    @property
    def tensor(self) -> Tensor:
        """The values of all replicas, (S,)."""
        if self._read is None:
            raise self._refused("its networks or its game are built from it")
        return self._read()

    def _refused(self, because: str) -> SettingError:
        return SettingError(
            f"{self.name} differs between the replicas, which this model does not allow, because {because}: train each value in "
            "a group of its own."
        )

    def _with(self, function: Callable[[Any, Any], Any], other: Any, reversed_order: bool) -> Any:
        if not isinstance(other, int | float):
            mine: Tensor = self.tensor
            other = other.tensor if isinstance(other, PerReplica) else other
            return function(other, mine) if reversed_order else function(mine, other)
        values = [function(other, value) if reversed_order else function(value, other) for value in self.values]
        return PerReplica(
            self.name, values, lambda: function(other, self.tensor) if reversed_order else function(self.tensor, other)
        )

    def __add__(self, other: Any) -> Any:
        return self._with(operator.add, other, False)

    def __radd__(self, other: Any) -> Any:
        return self._with(operator.add, other, True)

    def __sub__(self, other: Any) -> Any:
        return self._with(operator.sub, other, False)

    def __rsub__(self, other: Any) -> Any:
        return self._with(operator.sub, other, True)

    def __mul__(self, other: Any) -> Any:
        return self._with(operator.mul, other, False)

    def __rmul__(self, other: Any) -> Any:
        return self._with(operator.mul, other, True)

    def __truediv__(self, other: Any) -> Any:
        return self._with(operator.truediv, other, False)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(operator.truediv, other, True)

    def __neg__(self) -> Any:
        return self._with(operator.mul, -1, False)

    def _common_answer(self, holds: Callable[[Any, Any], bool], other: Number) -> bool:
        answers = {holds(value, other) for value in self.values}
        if len(answers) > 1:
            raise self._refused(f"it compares with {other:g}, with different results for the replicas")
        return answers.pop()

    def __gt__(self, other: Number) -> bool:
        return self._common_answer(operator.gt, other)

    def __ge__(self, other: Number) -> bool:
        return self._common_answer(operator.ge, other)

    def __lt__(self, other: Number) -> bool:
        return self._common_answer(operator.lt, other)

    def __le__(self, other: Number) -> bool:
        return self._common_answer(operator.le, other)

    def __eq__(self, other: object) -> bool:
        return all(value == other for value in self.values)

    def __hash__(self) -> int:
        return hash((self.name, self.values))

    def __bool__(self) -> bool:
        return any(value != 0 for value in self.values)

    def __float__(self) -> float:
        raise self._refused("it uses the value outside of torch")

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a torch function with the replica's value as a tensor in place of every PerReplica."""
        args, kwargs = tree_map(value_of, (tuple(args), dict(kwargs or {})))
        if function is torch.full:
            return full_of(*args, **kwargs)
        return function(*args, **kwargs)


def value_of(value: Any) -> Any:
    """The tensor of a PerReplica; any other value unchanged."""
    return value.tensor if isinstance(value, PerReplica) else value


def full_of(size: Sequence[int], fill_value: Any, *, device: torch.device | str | None = None, **_: Any) -> Tensor:
    """`torch.full` for a fill value that is a tensor, which under vmap cannot become a plain number."""
    expanded: Tensor = fill_value.to(device).expand(size)
    return expanded
