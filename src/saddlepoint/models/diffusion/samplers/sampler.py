"""What samplers have in common: the estimate that they get, and the velocity of the differential equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from saddlepoint.objectives.noise_paths import Path, Weights
from saddlepoint.objectives.preconditioning import Estimate

Estimator = Callable[[Tensor, Tensor], Estimate]  # x_t (B, *event) and times (B,)


class Sampler(Protocol):
    """One algorithm."""

    def __call__(self, estimate: Estimator, path: Path, x: Tensor, times: Sequence[float]) -> Tensor:
        """Integrate x (B, *event) from the first to the last of `times`."""


def weights_at(path: Path, t: float, x: Tensor) -> Weights:
    """The coefficients of a path at one time, in a shape that broadcasts to x (B, *event)."""
    return path.weights(torch.full((1,), t, dtype=x.dtype, device=x.device)).like(x)


def estimate_at(estimate: Estimator, x: Tensor, t: float) -> Estimate:
    """The estimates for x (B, *event) at one time."""
    return estimate(x, torch.full((len(x),), t, dtype=x.dtype, device=x.device))


def velocity(estimate: Estimator, path: Path, x: Tensor, t: float) -> Tensor:
    """dx/dt = a' x + b' n with the estimated example and noise: (B, *event)."""
    example, noise = estimate_at(estimate, x, t)
    weights = weights_at(path, t, x)
    return weights.signal_slope * example + weights.noise_slope * noise
