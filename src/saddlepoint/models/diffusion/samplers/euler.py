"""Euler's method: an error proportional to the length of a step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from saddlepoint.models.diffusion.samplers.sampler import Estimator, velocity
from saddlepoint.objectives.noise_paths import Path


def euler(estimate: Estimator, path: Path, x: Tensor, times: Sequence[float]) -> Tensor:
    """Integrate dx/dt = v(x, t) by x + (t' - t) v(x, t), with one evaluation of the network a step.

    Args:
        estimate: the estimates of example and noise at (x, t).
        path: from data to noise.
        x: (B, *event), at the first time.
        times: in the order in which they are visited.

    Returns:
        (B, *event), at the last time.
    """
    for now, following in pairwise(times):
        x = x + (following - now) * velocity(estimate, path, x, now)
    return x
