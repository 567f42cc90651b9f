"""DDIM: the estimated example and noise are combined again with the coefficients of the next time.

It is exact if the estimates do not change within a step. It equals Euler's method in the noise level b / a for x / a, so that it
is Euler's method itself on the variance-exploding and the linear path.

References:
    Denoising Diffusion Implicit Models (Jiaming Song, Chenlin Meng, Stefano Ermon, 2020), equation 12 without noise,
        https://arxiv.org/abs/2010.02502
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from saddlepoint.models.diffusion.samplers.sampler import Estimator, estimate_at, weights_at
from saddlepoint.objectives.noise_paths import Path


def ddim(estimate: Estimator, path: Path, x: Tensor, times: Sequence[float]) -> Tensor:
    """Replace x by a(t') example + b(t') noise, with one evaluation of the network a step.

    Args:
        estimate: the estimates of example and noise at (x, t).
        path: from data to noise.
        x: (B, *event), at the first time.
        times: in the order in which they are visited.

    Returns:
        (B, *event), at the last time.
    """
    for now, following in pairwise(times):
        example, noise = estimate_at(estimate, x, now)
        weights = weights_at(path, following, x)
        x = weights.signal * example + weights.noise * noise
    return x
