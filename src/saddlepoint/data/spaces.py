"""What states and actions of a task can be: a box of real numbers, or one of a few choices. Gymnasium is not needed for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.arguments import shown
from saddlepoint.errors import DataError


@dataclass(frozen=True)
class Box:
    """Vectors of real numbers.

    Attributes:
        low, high: the bounds of each number, perhaps infinite.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def size(self) -> int:
        """Numbers of a vector."""
        return len(self.low)

    @property
    def bounds(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The bounds as arrays (size,)."""
        return np.array(self.low, dtype=np.float32), np.array(self.high, dtype=np.float32)

    def encode(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(N, size) -> (N, size) float32."""
        return values.astype(np.float32)

    def __str__(self) -> str:
        return f"{self.size} real number{'s' if self.size > 1 else ''}"

    def to_json(self) -> dict[str, Any]:
        """The space as values that JSON can hold: infinite bounds are null."""
        low, high = ([bound if math.isfinite(bound) else None for bound in bounds] for bounds in (self.low, self.high))
        return {"kind": "box", "low": low, "high": high}


@dataclass(frozen=True)
class Discrete:
    """Whole numbers 0, 1, ..., n - 1.

    Attributes:
        n: how many.
    """

    n: int

    @property
    def size(self) -> int:
        """Numbers of a one-hot code."""
        return self.n

    def encode(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(N,) -> one-hot codes (N, n) float32."""
        codes: npt.NDArray[np.float32] = np.eye(self.n, dtype=np.float32)[values]
        return codes

    def __str__(self) -> str:
        return f"{self.n} choices"

    def to_json(self) -> dict[str, Any]:
        """The space as values that JSON can hold."""
        return {"kind": "discrete", "n": self.n}


Space = Box | Discrete


def space_from_json(value: Mapping[str, Any], where: str) -> Space:
    """Undo `to_json`.

    Args:
        value: of the space.
        where: names it in the error message.

    Raises:
        DataError: it describes no space.
    """
    try:
        if value["kind"] == "discrete":
            n = int(value["n"])
            if n >= 1:
                return Discrete(n)
        if value["kind"] == "box":
            low = tuple(-math.inf if bound is None else float(bound) for bound in value["low"])
            high = tuple(math.inf if bound is None else float(bound) for bound in value["high"])
            if low and len(low) == len(high) and all(a <= b for a, b in zip(low, high, strict=True)):
                return Box(low, high)
    except (KeyError, TypeError, ValueError):
        pass
    raise DataError(
        f'{where} is {shown(value)}; give {{"kind": "box", "low": [...], "high": [...]}} or {{"kind": "discrete", "n": ...}}.'
    )
