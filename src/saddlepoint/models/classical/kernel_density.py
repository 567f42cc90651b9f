"""A Gaussian kernel at every training example."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.arrays import device_of
from saddlepoint.models.classical.distribution import Completing
from saddlepoint.models.classical.normal import NUMBERS, complete_mixture, component_log_prob
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.draws import draw_normal

SAME = 1e-9  # squared distance, relative to the squared norm, below which an example is its own kernel


class KernelDensity(Completing):
    """p(x) = 1/n sum_i N(x; x_i, bandwidth^2 I); one kernel of width 1 at 0 before it has seen any examples.

    The likelihood of training examples leaves out the kernel of the example itself. Scott's rule sets the bandwidth to n^(-1 / (D + 4))
    times the root of the mean variance of the columns.

    References:
        On Estimation of a Probability Density Function and Mode (Emanuel Parzen, 1962), https://doi.org/10.1214/aoms/1177704472
        Multivariate Density Estimation: Theory, Practice, and Visualization (David Scott, 1992),
            https://doi.org/10.1002/9780470316849
    """

    state_names: ClassVar[tuple[str, ...]] = ("points", "count")

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        self.points = torch.zeros(1, math.prod(shape), dtype=torch.float64)
        self.count = torch.zeros((), dtype=torch.float64)

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        rows = x.flatten(1)
        self.points = torch.cat((self.points, rows)) if self.count else rows.clone()
        self.count = self.count + len(x)

    @property
    def bandwidth(self) -> float:
        """Standard deviation of a kernel, in the model's units."""
        chosen = self.settings.bandwidth
        if not self.count:
            return 1.0
        if isinstance(chosen, float):
            return chosen
        size = self.points.shape[1]
        spread = float(self.points.var(0, correction=0).mean().sqrt()) or 1.0
        return float(spread * len(self.points) ** (-1 / (size + 4)))

    def _kernels(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        """The log densities of all kernels, for rows (N, D) -> (N, n)."""
        return component_log_prob(x, self.points, self._variances, known)

    @property
    def _variances(self) -> Tensor:
        return torch.full_like(self.points, self.bandwidth**2)

    @property
    def _rows(self) -> int:
        """Rows of a chunk."""
        return max(1, NUMBERS // len(self.points))

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        parts = torch.split(x.flatten(1), self._rows)
        return torch.cat([self._kernels(part).logsumexp(1) for part in parts]) - math.log(len(self.points))

    def training_log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        if len(self.points) < 2:
            return self.log_prob(x)
        return torch.cat([self._without_itself(part) for part in torch.split(x.flatten(1), self._rows)])

    def _without_itself(self, x: Tensor) -> Tensor:
        """The density without the nearest kernel, where that is at the example itself: (N, D) -> (N,)."""
        kernels = self._kernels(x)
        nearest = kernels.argmax(1)
        own = (x - self.points[nearest]).square().sum(1) <= SAME * (1 + x.square().sum(1))
        kernels[own, nearest[own]] = -torch.inf
        return kernels.logsumexp(1) - (len(self.points) - own.double()).log()

    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        parts = zip(torch.split(x.flatten(1), self._rows), torch.split(known.flatten(1), self._rows), strict=True)
        return torch.cat([self._kernels(*part).logsumexp(1) for part in parts]) - math.log(len(self.points))

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        device = device_of(generator)
        chosen = torch.randint(len(self.points), (n,), generator=generator, device=device).cpu()
        noise = draw_normal((n, self.points.shape[1]), generator)
        return (self.points[chosen] + self.bandwidth * noise).view(n, *self.shape)

    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        equal = torch.zeros(len(self.points), dtype=torch.float64)
        parts = zip(torch.split(x.flatten(1), self._rows), torch.split(known.flatten(1), self._rows), strict=True)
        drawn = [complete_mixture(*part, equal, self.points, self._variances, generator) for part in parts]
        return torch.cat(drawn).view(x.shape) if drawn else x

    def observations(self) -> dict[str, Tensor]:
        """Return the bandwidth, in the model's units."""
        return {"bandwidth": torch.tensor(self.bandwidth)}
