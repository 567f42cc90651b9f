"""Examples of one length from a long stream of symbols, steps or samples.

The held-out part is the end of the stream, and windows are cut from each part by itself. Random windows would overlap: a model
would have seen most of a held-out window in training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import training_count
from saddlepoint.errors import DataError

DEFAULT_LENGTH = 128  # symbols of a text and steps of a series

Array = npt.NDArray[Any]


def split_stream(stream: Array, settings: DataSettings) -> tuple[Array, Array]:
    """The parts of a stream (T, ...) to train on and to hold out, which is the last share of it."""
    count = training_count(len(stream), settings)
    return stream[:count], stream[count:]


def count_windows(total: int, length: int, stride: int) -> int:
    """The number of windows of `length` in a stream of `total`, each `stride` after the one before it."""
    return 0 if total < length else (total - length) // stride + 1


def cut_windows(stream: Array, length: int, stride: int) -> Array:
    """Windows (N, length, ...) of a stream (T, ...): a copy. What is left at the end is shorter than a window, and left out."""
    count = count_windows(len(stream), length, stride)
    if not count:
        return np.empty((0, length, *stream.shape[1:]), stream.dtype)
    size = count * length * stream[:1].nbytes
    require_memory(
        size, f"cutting {count:,} windows of {length:,}", "take a larger data.stride or a smaller data.length"
    )
    windows = np.lib.stride_tricks.sliding_window_view(stream, length, axis=0)[::stride][:count]
    return np.array(np.moveaxis(windows, -1, 1), order="C")


def require_windows(name: str, part: Array, length: int, noun: str) -> None:
    """Raise DataError where the training part (T, ...) is shorter than one window."""
    if len(part) < length:
        raise DataError(
            f"{name}: {len(part):,} {noun} to train on are fewer than one example of {length:,}; take a smaller data.length "
            f"(--data.length {max(1, len(part) // 10)})."
        )
