"""A number that differs from replica to replica, standing where a model's settings have a plain one.

A loss written for one run says `weight * penalty`. Where the weight is a `PerReplica`, the same line multiplies every replica's
penalty by that replica's weight, because the number is read from the stacked buffers of the network under `vmap`.
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
    """The value of the setting `name` in every replica.

    read: () -> the replica's own value () under vmap; None until the networks are stacked.

    A decision on it (`if weight > 0`) must fall the same way in all replicas, else the replicas would play different games:
    SettingError says so. The one exception is `if weight`, which asks whether a term is there at all: it is, where any replica
    has it, and a weight of 0 then takes it away again.
    """

    def __init__(self, name: str, values: Sequence[float], read: Callable[[], Tensor] | None = None) -> None:
        self.name = name
        self.values = tuple(values)
        self._read = read

    def bind(self, home: nn.Module, key: str) -> None:
        """Read the replicas' values from the buffer `key` of `home` from now on."""
        self._read = lambda: home.get_buffer(key)

    @property
    def tensor(self) -> Tensor:
        """The values of all replicas, (L,)."""
        if self._read is None:
            raise self._refused("its networks or its game are built from it")
        return self._read()

    def _refused(self, because: str) -> SettingError:
        return SettingError(
            f"{self.name} differs between the replicas, which this model cannot take, since {because}: give each value a "
            "cell of its own."
        )

    def _with(self, function: Callable[[Any, Any], Any], other: Any, turned: bool) -> Any:
        if not isinstance(other, int | float):
            mine: Tensor = self.tensor
            other = other.tensor if isinstance(other, PerReplica) else other
            return function(other, mine) if turned else function(mine, other)
        values = [function(other, value) if turned else function(value, other) for value in self.values]
        return PerReplica(
            self.name, values, lambda: function(other, self.tensor) if turned else function(self.tensor, other)
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

    def _agreed(self, holds: Callable[[Any, Any], bool], other: Number) -> bool:
        answers = {holds(value, other) for value in self.values}
        if len(answers) > 1:
            raise self._refused(f"it asks how the value compares with {other:g}, and replicas would answer differently")
        return answers.pop()

    def __gt__(self, other: Number) -> bool:
        return self._agreed(operator.gt, other)

    def __ge__(self, other: Number) -> bool:
        return self._agreed(operator.ge, other)

    def __lt__(self, other: Number) -> bool:
        return self._agreed(operator.lt, other)

    def __le__(self, other: Number) -> bool:
        return self._agreed(operator.le, other)

    def __eq__(self, other: object) -> bool:
        return all(value == other for value in self.values)

    def __hash__(self) -> int:
        return hash((self.name, self.values))

    def __bool__(self) -> bool:
        return any(value != 0 for value in self.values)

    def __float__(self) -> float:
        raise self._refused("it computes with it outside of torch")

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """A function of torch that was given a PerReplica gets the replica's value as a tensor."""
        args, kwargs = tree_map(value_of, (tuple(args), dict(kwargs or {})))
        if function is torch.full:
            return filled(*args, **kwargs)
        return function(*args, **kwargs)


def value_of(value: Any) -> Any:
    """The replica's tensor of a PerReplica; anything else as it is."""
    return value.tensor if isinstance(value, PerReplica) else value


def filled(size: Sequence[int], fill_value: Any, *, device: torch.device | str | None = None, **_: Any) -> Tensor:
    """`torch.full` for a fill value that is a tensor (under vmap it cannot become a plain number)."""
    expanded: Tensor = fill_value.to(device).expand(size)
    return expanded
