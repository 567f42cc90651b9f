"""The exact denoiser of Gaussian data, an oracle for paths, preconditioners and samplers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saddlepoint.objectives.noise_paths import Path
from saddlepoint.objectives.preconditioning import Estimate, Preconditioner


@dataclass
class GaussianData:
    """x ~ N(mean, diag(std^2))."""

    mean: Tensor
    std: Tensor

    def estimate(self, path: Path, noisy: Tensor, t: Tensor) -> Estimate:
        """E[x | x_t] and E[n | x_t]."""
        a, b, *_ = path.weights(t).like(noisy)
        rest = (noisy - a * self.mean) / (a.square() * self.std.square() + b.square())
        return Estimate(self.mean + a * self.std.square() * rest, b * rest)

    def flow(self, path: Path, noisy: Tensor, start: float, stop: float) -> Tensor:
        """The exact solution of the differential equation: x_t keeps its place in units of its standard deviation."""
        (a, b, *_), (c, d, *_) = (path.weights(torch.tensor([t], dtype=noisy.dtype)).like(noisy) for t in (start, stop))
        before, after = ((s.square() * self.std.square() + n.square()).sqrt() for s, n in ((a, b), (c, d)))
        return c * self.mean + (noisy - a * self.mean) / before * after


class ExactNetwork(nn.Module):
    """The network whose output is the conditional mean of a preconditioner's target for Gaussian data."""

    def __init__(self, data: GaussianData, path: Path, preconditioner: Preconditioner) -> None:
        super().__init__()
        self.data, self.path, self.preconditioner = data, path, preconditioner
        self.at: tuple[Tensor, Tensor] | None = None

    def watch(self, noisy: Tensor, t: Tensor) -> None:
        """Say at which x_t and t the next pass is."""
        self.at = noisy, t

    def forward(self, inputs: Tensor, clock: Tensor, weights: Tensor | None = None) -> Tensor:
        noisy, t = self.at
        example, noise = self.data.estimate(self.path, noisy, t)
        return self.preconditioner.target(example, noise, t, self.path)
