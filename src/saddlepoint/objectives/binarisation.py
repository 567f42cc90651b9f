"""Grey values in black and white."""

from __future__ import annotations

from torch import Tensor


def to_black_and_white(x: Tensor, threshold: Tensor | float) -> Tensor:
    """1 where x is above its threshold, 0 elsewhere, in the shape and type of x.

    Thresholds that are uniform on [0, 1) make x the probability of 1; black and white then stay what they are.

    Args:
        x: (B, *event) in [0, 1].
        threshold: (B, *event), or one for all.
    """
    return (threshold < x).to(x.dtype)
