"""Euclidean distances between points, and their means over pairs.

Distances are computed by differences. The fast form by a matrix product loses digits to a common offset, and gives
distances above 0 for equal points, which depend on the processor.
"""

from __future__ import annotations

import torch
from torch import Tensor


def distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances: x (N, D), y (M, D) -> (N, M)."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def mean_within(x: Tensor) -> Tensor:
    """E|X - X'| over pairs of distinct points of x (N, D) -> (); 0 of a single point."""
    n = len(x)
    return distances(x, x).sum() / max(n * (n - 1), 1)
