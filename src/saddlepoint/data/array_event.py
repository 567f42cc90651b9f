"""What one example of an array is: its type, the range of its values, and whether its channels have units of their own."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from torch import Tensor

from saddlepoint.data.array_rows import Rows
from saddlepoint.data.event import Event
from saddlepoint.data.layout import Reading

UNITS = 0.25  # a channel that takes less of the joint range of all channels has units of its own


def pixel_values(dtype: np.dtype[Any], low: float, high: float) -> Literal["bytes", "range", ""]:
    """Whether the values are like those of pictures (see `read_axes`)."""
    if dtype.kind in "bu" or (dtype.kind == "i" and low >= 0):
        return "bytes"
    return "range" if value_range(low, high) in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)) else ""


def event_of(rows: Rows, reading: Reading, low: float, high: float) -> tuple[Event, tuple[str, ...]]:
    """The event of one example, without statistics, and notes about it."""
    shape = reading.arranged(np.broadcast_to(np.zeros(1), (1, *rows.shape[1:]))).shape[1:]
    notes = (reading.note,) if reading.note else ()
    if reading.kind not in ("image", "volume", "video"):
        return Event(shape, reading.kind), notes
    low, high = float(np.float32(low)), float(np.float32(high))
    if rows.dtype.kind in "biu" and low >= 0 and high <= 255:
        known = (0.0, 255.0) if rows.dtype == np.uint8 and high > 1 else value_range(low, high)
        return Event(shape, reading.kind, "uint8", *known), notes
    known = value_range(low, high)
    if shape[0] > 1 and known == (low, high) and (apart := _apart(rows, reading, low, high)):
        return Event(shape, reading.kind), (*notes, apart)
    return Event(shape, reading.kind, "float32", *known), notes


def float_range(x: Tensor) -> tuple[float, float]:
    """The range that images x of any numbers are taken to have (see `arrays.from_array`)."""
    return value_range(float(x.min()), float(x.max()))


def value_range(low: float, high: float) -> tuple[float, float]:
    """The range that numbers from `low` to `high` are taken to have (see `arrays.from_array`)."""
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= -1 and high <= 1:
        return -1.0, 1.0
    if low >= 0 and 127 < high <= 255:
        return 0.0, 255.0
    return low, high


def _apart(rows: Rows, reading: Reading, low: float, high: float) -> str:
    """A note about channels with different units; empty if one range suits all."""
    axes = (0, *range(2, len(rows.shape)))
    ends = [(p.min(axes), p.max(axes)) for p in (reading.arranged(part) for _, part in rows.parts())]
    lows, highs = np.min([e[0] for e in ends], 0).astype(float), np.max([e[1] for e in ends], 0).astype(float)
    widths = highs - lows
    vary = widths > 0
    if not vary.any() or widths[vary].min() >= UNITS * (high - low):
        return ""
    narrow, wide = int(np.where(vary, widths, np.inf).argmin()), int(widths.argmax())
    return (
        f"Channels differ in their units (channel {narrow + 1} lies in [{lows[narrow]:.4g}, {highs[narrow]:.4g}], channel {wide + 1} "
        f"in [{lows[wide]:.4g}, {highs[wide]:.4g}], counted from 1), so each is scaled by its own mean and deviation."
    )
