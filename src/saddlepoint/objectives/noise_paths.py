"""Paths from data to noise: x_t = a(t) x + b(t) n, for an example x, standard normal noise n and the time t.

All paths have x_t = a (x + sigma n) with the noise level sigma = b / a, so that they differ in the scale of x_t and in the clock
alone: a denoiser of one path is a denoiser of all. They still differ in what is easy to learn and to integrate.

| path | a(t) | b(t) | t |
| --- | --- | --- | --- |
| variance-exploding | 1 | t | from 0.002 to 80: the noise level itself, as in EDM |
| linear | 1 - t | t | from 0 to 1, as in flow matching with optimal transport |
| cosine | cos(pi t / 2) | sin(pi t / 2) | from 0 to 1; keeps the variance of data with variance 1 |

References:
    Elucidating the Design Space of Diffusion-Based Generative Models (Tero Karras, Miika Aittala, Timo Aila, Samuli Laine,
        2022), https://arxiv.org/abs/2206.00364
    Flow Matching for Generative Modeling (Yaron Lipman, Ricky Chen, Heli Ben-Hamu, Maximilian Nickel, Matt Le, 2022),
        https://arxiv.org/abs/2210.02747
    Progressive Distillation for Fast Sampling of Diffusion Models (Tim Salimans, Jonathan Ho, 2022),
        https://arxiv.org/abs/2202.00512 (the cosine path and its velocity)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

LEAST_RATIO, MOST_RATIO = 1e-4, 1e4  # noise levels outside of this range are treated as its ends


class Weights(NamedTuple):
    """The coefficients of a path at times t (B,), and their derivatives by t, each (B,).

    Attributes:
        signal: a(t).
        noise: b(t).
        signal_slope: da/dt.
        noise_slope: db/dt.
    """

    signal: Tensor
    noise: Tensor
    signal_slope: Tensor
    noise_slope: Tensor

    def like(self, x: Tensor) -> Weights:
        """The same coefficients in the shape (B, 1, ...) that broadcasts to x (B, *event)."""
        return Weights(*(value.view(-1, *[1] * (x.ndim - 1)) for value in self))


class Path(ABC):
    """One path; times are tensors (B,).

    Attributes:
        smallest: the time at which data are integrated to noise from; the network never sees an earlier one.
        largest: the time of pure noise.
    """

    smallest: float = 1e-3
    largest: float = 1.0

    @abstractmethod
    def weights(self, t: Tensor) -> Weights:
        """Return a(t), b(t) and their derivatives."""

    @abstractmethod
    def time_of(self, ratio: Tensor) -> Tensor:
        """Return the times (B,) at which the noise level b / a has these values."""

    def uniform(self, share: Tensor) -> Tensor:
        """Return times for shares in (0, 1) that are uniform on the path's own clock."""
        return share * self.largest

    def clock(self, t: Tensor) -> Tensor:
        """Return the time in the form in which a network without a preconditioner gets it."""
        return t

    def times(self, steps: int) -> list[float]:
        """Return the times of a sampler, `steps` + 1 numbers from `largest` to 0."""
        return [self.largest * (1 - step / steps) for step in range(steps)] + [0.0]

    def log_ratio(self, t: Tensor) -> Tensor:
        """Return log(b / a), limited to a range that a network can take."""
        weights = self.weights(t)
        ratio = weights.noise / weights.signal.clamp(min=torch.finfo(t.dtype).tiny)
        return ratio.clamp(LEAST_RATIO, MOST_RATIO).log()


class VarianceExploding(Path):
    """x_t = x + t n.

    Args:
        smallest: smallest noise level.
        largest: largest noise level.
    """

    CURVATURE = 7.0  # EDM's rho: how much shorter steps are at small noise levels

    def __init__(self, smallest: float = 0.002, largest: float = 80.0) -> None:
        self.smallest, self.largest = smallest, largest

    def weights(self, t: Tensor) -> Weights:
        one = torch.ones_like(t)
        return Weights(one, t, torch.zeros_like(t), one)

    def time_of(self, ratio: Tensor) -> Tensor:
        return ratio.clamp(self.smallest, self.largest)

    def uniform(self, share: Tensor) -> Tensor:
        """Return times that are uniform on a logarithmic scale."""
        return self.smallest * (self.largest / self.smallest) ** share

    def clock(self, t: Tensor) -> Tensor:
        return t.clamp(min=LEAST_RATIO).log() / 4

    def times(self, steps: int) -> list[float]:
        """Return EDM's times (equation 5), which end with `smallest` and 0."""
        start, stop = (level ** (1 / self.CURVATURE) for level in (self.largest, self.smallest))
        shares = [step / max(steps - 1, 1) for step in range(steps)]
        return [(start + share * (stop - start)) ** self.CURVATURE for share in shares] + [0.0]


class Linear(Path):
    """x_t = (1 - t) x + t n."""

    def weights(self, t: Tensor) -> Weights:
        one = torch.ones_like(t)
        return Weights(1 - t, t, -one, one)

    def time_of(self, ratio: Tensor) -> Tensor:
        return ratio / (1 + ratio)


class Cosine(Path):
    """x_t = cos(pi t / 2) x + sin(pi t / 2) n."""

    def weights(self, t: Tensor) -> Weights:
        angle = math.pi / 2 * t
        return Weights(angle.cos(), angle.sin(), -math.pi / 2 * angle.sin(), math.pi / 2 * angle.cos())

    def time_of(self, ratio: Tensor) -> Tensor:
        return 2 / math.pi * torch.atan(ratio)


PATHS: dict[str, Path] = {"variance-exploding": VarianceExploding(), "linear": Linear(), "cosine": Cosine()}
