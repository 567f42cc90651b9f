"""Axis ranges of plots of points, and the number of points outside."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Range = tuple[float, float]


def data_views(generated: Points, data: Points | None, modes: Points | None) -> list[Range]:
    """One range for each column that contains the modes and the data except 0.1 % at each end, widened by a quarter.

    Args:
        generated: (N, D), used without data and modes.
        data: (M, D).
        modes: (K, D).
    """
    known = [part for part in (data, modes) if part is not None and len(part)]
    views = []
    for column in range(generated.shape[1]):
        values = np.concatenate([part[:, column] for part in known] or [generated[:, column]])
        values = values[np.isfinite(values) & (np.abs(values) < 1e100)]
        low, high = np.quantile(values, [0.001, 0.999]) if len(values) else (-1.0, 1.0)
        if modes is not None:
            low, high = min(low, modes[:, column].min()), max(high, modes[:, column].max())
        spare = 0.25 * (high - low) or 0.5 * max(abs(high), 1.0)
        views.append((float(low - spare), float(high + spare)))
    return views


def stable_limit(needed: float, unit: float = 1.0) -> float:
    """The smallest power of two times `unit` that is at least `needed`; `unit` if there is none.

    As the end of an axis it is constant from frame to frame of a video until it has to double.
    """
    if not (math.isfinite(needed / unit) and needed / unit > 0.0):
        return unit
    return float(unit * 2.0 ** math.ceil(math.log2(needed / unit) - 1e-9))


def equal_spans(views: Sequence[Range]) -> list[Range]:
    """The ranges with the same centres and the width of the widest, so that units have equal length on all axes."""
    half = max(high - low for low, high in views) / 2
    return [((low + high) / 2 - half, (low + high) / 2 + half) for low, high in views]


def title_with_count(title: str, generated: Points, views: Sequence[Range]) -> str:
    """The title, followed by the number of points that lie outside the ranges or are not finite.

    Args:
        title: the first line.
        generated: (N, D) points.
        views: range of each column.
    """
    finite = np.isfinite(generated).all(axis=1)
    low, high = np.array(views).T
    outside = int(((generated[finite] < low) | (generated[finite] > high)).any(axis=1).sum())
    broken = int((~finite).sum())
    notes = [f"{outside:,} of {len(generated):,} outside the view"] if outside else []
    notes += [f"{broken:,} of {len(generated):,} not finite"] if broken else []
    return f"{title}\n({', '.join(notes)})" if notes else title
