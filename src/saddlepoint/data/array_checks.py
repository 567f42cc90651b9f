"""Refuse arrays that are no examples of finite numbers, or whose numbers float32 cannot hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from saddlepoint.data.array_rows import Array, Rows
from saddlepoint.data.event import Event
from saddlepoint.data.layout import Reading
from saddlepoint.errors import DataError

LARGEST = float(np.finfo(np.float32).max)
LOST = 0.1  # share of a standard deviation that rounding to float32 may cost


def check_form(rows: Rows, name: str) -> None:
    """Check that `rows` is an array of numbers.

    Raises:
        DataError: it is empty, or no array of numbers.
    """
    shape, dtype = rows.shape, rows.dtype
    if dtype.kind == "O":
        raise DataError(
            f"{name}: an array of Python objects (dtype object), often rows of unequal length; give numbers of one "
            "shape, for example numpy.stack(list_of_arrays)."
        )
    if dtype.kind not in "biuf":
        raise DataError(f"{name}: an array of dtype {dtype}; give whole or floating-point numbers.")
    if not shape:
        raise DataError(f"{name}: a single number; give an array of examples (N, ...).")
    if shape[0] == 0:
        raise DataError(f"{name} holds no examples (shape {shape}); give data with at least one.")
    if 0 in shape:
        raise DataError(f"{name}: its examples have size zero (shape {shape}); give examples with numbers in them.")


def value_ends(rows: Rows, name: str) -> tuple[float, float]:
    """The smallest and the largest number; raises DataError for NaN, infinity, and values beyond float32."""
    lows, highs = zip(*((part.min(), part.max()) for _, part in rows.parts()), strict=True)
    # NaN propagates through both; a second pass finds what is not finite, or not in float32.
    low, high = float(np.min(lows)), float(np.max(highs))
    if np.isnan(low) or np.isinf(low) or np.isinf(high):
        for what, broken in (("NaN", np.isnan), ("infinity", np.isinf)):
            count, where = _count_broken(rows, broken)
            if where is not None:
                raise DataError(
                    f"{name}: {what} in {count:,} of {rows.shape[0]:,} examples, first at index {where[0]}; remove those "
                    "examples or fill the gaps."
                )
    if max(abs(low), abs(high)) > LARGEST:
        _, where = _count_broken(rows, lambda part: np.abs(part) > LARGEST)
        if where is not None:
            raise DataError(_beyond(name, where[1], where[0]))
    return low, high


def check_precision(rows: Rows, reading: Reading, event: Event, name: str) -> None:
    """Raise DataError for a column or channel whose differences are lost when its numbers are rounded to float32."""
    if rows.dtype.itemsize < 8 or event.dtype == "uint8":
        return
    sums: list[Array] = []
    origin: Array | float = 0.0
    for start, part in rows.parts():
        columns = np.moveaxis(reading.arranged(part), event.channel_axis + 1, -1).reshape(
            -1, event.shape[event.channel_axis]
        )
        columns = columns.astype(np.float64)
        origin = origin if start else columns[0].copy()
        moved, lost = columns - origin, columns - columns.astype(np.float32)
        sums.append(
            np.stack(
                [np.square(lost).sum(0), moved.sum(0), np.square(moved).sum(0), np.full(len(moved[0]), len(moved))]
            )
        )
    error, first, second, count = np.sum(sums, 0)
    variance = second / count - np.square(first / count)
    wrong = np.flatnonzero((variance > 0) & (error / count > np.square(LOST) * variance))
    if len(wrong):
        n = int(wrong[0])
        where = f"column or channel {n + 1}" if len(variance) > 1 else "the data"
        raise DataError(
            f"{name}: the numbers of {where} lie around {np.ravel(origin)[n]:.3g} and differ by only {np.sqrt(variance[n]):.2g}, which "
            "float32 cannot resolve; subtract a constant from them."
        )


def check_range(given: Array, kept: Tensor, name: str) -> None:
    """Raise DataError if a finite number became infinite in float32."""
    if kept.is_floating_point() and not kept.isfinite().all():
        where = tuple(int(i) for i in np.argwhere(~kept.isfinite().numpy())[0])
        raise DataError(_beyond(name, given[where], where))


def _count_broken(rows: Rows, broken: Callable[[Array], Any]) -> tuple[int, tuple[tuple[int, ...], Any] | None]:
    """How many examples hold a broken number; index and value of the first."""
    count, first = 0, None
    for start, part in rows.parts():
        bad = np.asarray(broken(part))
        if bad.any():
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            first = first or ((start + index[0], *index[1:]), part[index])
            count += int(bad.reshape(len(part), -1).any(1).sum())
    return count, first


def _beyond(name: str, value: Any, where: tuple[int, ...]) -> str:
    return (
        f"{name}: {value:g} at index {where} is beyond what float32 holds (3.4e38 either way); divide the data "
        "by a constant."
    )
