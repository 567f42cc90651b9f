"""Heun's method: an error proportional to the square of the length of a step.

References:
    Elucidating the Design Space of Diffusion-Based Generative Models (Tero Karras, Miika Aittala, Timo Aila, Samuli Laine,
        2022), algorithm 1, https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from saddlepoint.models.diffusion.samplers.sampler import Estimator, velocity
from saddlepoint.objectives.noise_paths import Path


def heun(estimate: Estimator, path: Path, x: Tensor, times: Sequence[float]) -> Tensor:
    """Integrate dx/dt = v(x, t) with the mean of the velocities at both ends of a step, two evaluations of the network each.

    A step to t = 0 is one of Euler's, since networks are not evaluated there.

    Args:
        estimate: the estimates of example and noise at (x, t).
        path: from data to noise.
        x: (B, *event), at the first time.
        times: in the order in which they are visited.

    Returns:
        (B, *event), at the last time.
    """
    for now, following in pairwise(times):
        step, here = following - now, velocity(estimate, path, x, now)
        ahead = x + step * here
        x = ahead if following == 0 else x + step / 2 * (here + velocity(estimate, path, ahead, following))
    return x
