"""Checks of the inputs of metrics: sets of finite points, one in each row, enough of them, with equal numbers of
features.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.errors import DataError


def check_points(points: Tensor, name: str, *, least: int = 2, dtype: torch.dtype | None = torch.float64) -> Tensor:
    """Check a set of points and move it to the CPU.

    Args:
        points: (N, D).
        name: for messages.
        least: smallest number of points.
        dtype: of the result; None keeps float32 and float64.

    Raises:
        DataError: not two axes, no columns, fewer than `least` points, or a value that is NaN or infinite.
    """
    if points.ndim != 2 or points.shape[1] == 0:
        raise DataError(f"{name}: need one row of features a point, (N, D), got shape {tuple(points.shape)}.")
    if len(points) < least:
        raise DataError(f"{name}: need {least} points or more, got {len(points)}: give more examples or samples.")
    if dtype is None:
        dtype = points.dtype if points.dtype in (torch.float32, torch.float64) else torch.float32
    points = points.detach().to("cpu", dtype)
    # A sum is finite if all its terms are, short of overflow; only where it is not, every value is checked.
    if not points.sum().isfinite():
        broken = int((~points.isfinite()).any(1).sum())
        if broken:
            raise DataError(
                f"{name}: {broken:,} of {len(points):,} points hold NaN or infinite values; a score over the others "
                "would hide them: find out why, or leave them out yourself."
            )
    return points


def check_pair(
    x: Tensor,
    y: Tensor,
    *,
    least: int = 2,
    names: tuple[str, str] = ("real points", "samples"),
    dtype: torch.dtype | None = torch.float64,
) -> tuple[Tensor, Tensor]:
    """Check two sets of points and convert them to one type.

    Args:
        x: (N, D) points.
        y: (M, D) points.
        least: smallest number of points of each set.
        names: for messages.
        dtype: of the result; None keeps float32 and float64.

    Raises:
        DataError: as `check_points`, or the sets have different numbers of features.
    """
    x, y = check_points(x, names[0], least=least, dtype=dtype), check_points(y, names[1], least=least, dtype=dtype)
    if x.shape[1] != y.shape[1]:
        raise DataError(
            f"{names[0]} have {x.shape[1]} features and {names[1]} {y.shape[1]}: "
            "both must come from the same feature extractor."
        )
    wider = torch.promote_types(x.dtype, y.dtype)
    return x.to(wider), y.to(wider)
