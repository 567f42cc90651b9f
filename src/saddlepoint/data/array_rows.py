"""The examples of an array, read in parts, so that little memory is needed beside what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

CHUNK = 1 << 22  # numbers that are read together

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Examples (N, ...) that are read in parts.

    Attributes:
        read: (start, stop) -> those examples, (stop - start, ...).
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[int, int], Array]

    @classmethod
    def of(cls, x: Array) -> Rows:
        """The rows of an array in memory."""
        return cls(x.shape, x.dtype, lambda start, stop: x[start:stop])

    @classmethod
    def mapped(cls, path: Path) -> Rows:
        """The rows of a `.npy` file. Each part is mapped by itself, so that what was read does not stay in memory."""

        def read(start: int, stop: int) -> Array:
            return np.array(np.load(path, mmap_mode="r", allow_pickle=False)[start:stop])

        whole = np.load(path, mmap_mode="r", allow_pickle=False)
        return cls(whole.shape, whole.dtype, read)

    def parts(self) -> Iterator[tuple[int, Array]]:
        """(position of the first, examples) of all parts, one after another."""
        size = max(1, CHUNK // max(1, int(np.prod(self.shape[1:], dtype=np.int64))))
        for start in range(0, self.shape[0], size):
            yield start, self.read(start, min(start + size, self.shape[0]))
