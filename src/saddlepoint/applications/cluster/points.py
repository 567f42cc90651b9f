"""Types of points and labels, and the checks that points pass before they are clustered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import DataError

Points = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Transform = Callable[[Any], Points]
"""From examples (N, *event) in the data's units to points (N, D)."""


def check_points(points: Points, what: str) -> Points:
    """Return points (N, D) that can be clustered.

    Args:
        points: of a representation.
        what: names them in the message.

    Raises:
        DataError: a number is not finite, or all points are equal.
    """
    bad = ~np.isfinite(points).all(1)
    if bad.any():
        raise DataError(
            f"cluster: the {what} of {int(bad.sum()):,} of {len(points):,} examples are not finite, first that of example "
            f"{int(bad.argmax()):,}; if the model diverged in training, use an earlier checkpoint (--step) or train it again."
        )
    if not (points != points[:1]).any():
        raise DataError(
            f"cluster: the {what} of all {len(points):,} examples are equal, so there is nothing to cluster; a model that ignores its "
            "codes has to be trained with other settings."
        )
    return points
