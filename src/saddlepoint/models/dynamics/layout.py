"""Which columns of an example are given, numbers and flags, and the units of each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from saddlepoint.data.event import Event, Scaling, ScalingKind
from saddlepoint.errors import SettingError


@dataclass(frozen=True)
class Layout:
    """The columns of a flattened example. Networks predict those that vary; constant ones keep their value.

    Attributes:
        event: what one example is.
        given: how many of the first columns are given.
        flags: how many of the last columns are 0 or 1.
    """

    event: Event
    given: int
    flags: int

    def __post_init__(self) -> None:
        rest = self.event.size - self.given - self.flags
        if rest < 0 or self.event.size == self.given:
            raise SettingError(
                f"model.given and model.flags are {self.given} and {self.flags}, but an example has {self.event.size} numbers: at least one "
                "must be left to predict."
            )
        if (self.given or self.flags) and self.event.kind != "vector":
            raise SettingError(
                f"model.given and model.flags are for rows of numbers, and these examples are {self.event.plural}: set both to 0."
            )

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The predicted columns that are real numbers."""
        return tuple(n for n in range(self.given, self.event.size - self.flags) if n not in self._constant)

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """The predicted columns that are flags."""
        return tuple(n for n in range(self.event.size - self.flags, self.event.size) if n not in self._constant)

    @cached_property
    def _constant(self) -> frozenset[int]:
        if self.event.kind != "vector":
            return frozenset()
        return frozenset(position for position, _ in self.event.constants)

    @cached_property
    def _runs(self) -> tuple[tuple[bool, int], ...]:
        """Runs of predicted columns that are all constant or all vary: which of both, and how many columns."""
        runs = itertools.groupby(range(self.given, self.event.size), self._constant.__contains__)
        return tuple((constant, len(list(columns))) for constant, columns in runs)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rows (B, *event) -> what is given (B, G), numbers that vary (B, M) and flags that vary (B, F)."""
        rows = x.flatten(1)
        return rows[:, : self.given], _columns(rows, self.numbers), _columns(rows, self.ends)

    def join(self, numbers: Tensor, flags: Tensor) -> Tensor:
        """Numbers (..., M) and flags (..., F) that vary -> all predicted columns (..., D - G), with 0 in constant ones."""
        values = torch.cat([numbers, flags], -1)
        if values.shape[-1] == self.event.size - self.given:
            return values
        # Runs are concatenated: an assignment to a list of columns is slower, and copies the list to the device each time.
        parts, place = [], 0
        for constant, width in self._runs:
            if constant:
                parts.append(values.new_zeros(*values.shape[:-1], width))
            else:
                parts.append(values[..., place : place + width])
                place += width
        return torch.cat(parts, -1)

    def scaling(self, kind: ScalingKind) -> Scaling:
        """The scaling of this kind, with flags as they are."""
        units = self.event.scaling(kind)
        if not self.flags:
            return units
        size = self.event.size
        scale, offset = (list(part if len(part) > 1 else part * size) for part in (units.scale, units.offset))
        scale[size - self.flags :], offset[size - self.flags :] = [1.0] * self.flags, [0.0] * self.flags
        return Scaling(self.event, tuple(scale), tuple(offset))


def _columns(rows: Tensor, columns: tuple[int, ...]) -> Tensor:
    """Columns of rows; a view where they are adjacent, which is the usual case."""
    if not columns:
        return rows[:, :0]
    if columns[-1] - columns[0] == len(columns) - 1:
        return rows[:, columns[0] : columns[-1] + 1]
    return rows[:, list(columns)]
