"""Mixtures of equal Gaussians: toy data with known density and modes, so that a model can be judged exactly.

- `gaussian`: on a line. One mode is N(4, 0.5) (the usual 1-D example of adversarial training); k modes have their
  means 4 apart, which is 8 standard deviations, around the same centre 4: between neighbours the density falls below a
  thousandth of its peak, so a mode is either found or missed, and no point belongs to two of them.
- `ring`: k modes at equal angles on a circle, "Unrolled Generative Adversarial Networks", L. Metz, B. Poole, D. Pfau,
  J. Sohl-Dickstein, 2017, https://arxiv.org/abs/1611.02163.
- `grid`: 25 modes on {-4, -2, 0, 2, 4}^2, "Adversarially Learned Inference", V. Dumoulin, I. Belghazi, B. Poole, et al.,
  2017, https://arxiv.org/abs/1606.00704.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Dataset, Truth
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble

GAUSSIAN_CENTRE, GAUSSIAN_SPACING, GAUSSIAN_STD = 4.0, 4.0, 0.5
RING_MODES, RING_STD = 8, 0.01
GRID_STD = 0.05
POINTS = 10_000  # drawn where the settings do not say how many
BYTES_A_POINT = 60  # while points in the plane are drawn
PAIRS = 1 << 22  # distances between points and components computed together


@dataclass(frozen=True, eq=False)
class EqualGaussians(Truth):
    """Equally heavy Gaussians N(centre_k, std^2 I).

    Attributes:
        centres: (K, D) float64.
        groups: (K,) int64, the label of each component; equally many components a group. A mode is a group of its own;
            a smooth shape is a group of many close components.
        has_modes: whether the components are modes.
    """

    centres: Tensor
    std: float
    groups: Tensor
    has_modes: bool = True

    @property
    def modes(self) -> Tensor | None:
        return self.centres if self.has_modes else None

    @property
    def mode_std(self) -> float | None:
        return self.std if self.has_modes else None

    def log_prob(self, x: Tensor) -> Tensor:
        """(N, D) -> (N,) float64, exact log density in nats."""
        k, d = self.centres.shape
        centres = self.centres.to(x.device)
        constant = -math.log(k) - d * math.log(self.std * math.sqrt(2 * math.pi))
        densities = [
            torch.logsumexp((rows.double()[:, None] - centres).square().sum(-1) / (-2 * self.std**2), dim=1)
            for rows in torch.split(x, max(1, PAIRS // (k * d)))
        ]
        return torch.cat(densities) + constant

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n, D) float32 points in random order and their (n,) groups, equally many a component (up to one)."""
        rounds = max(1, -(-n // len(self.centres)))
        # Whole rounds through the components keep their counts equal; the last round stops at random components.
        component = torch.cat(
            [torch.arange(len(self.centres)).repeat(rounds - 1), torch.randperm(len(self.centres), generator=generator)]
        )[:n]
        component = component[torch.randperm(n, generator=generator)]
        noise = torch.randn(n, self.centres.shape[1], generator=generator, dtype=torch.float64)
        return (self.centres[component] + self.std * noise).float(), self.groups[component]


def gaussian(settings: DataSettings) -> Dataset:
    """(N, 1): `modes` (1) Gaussians on a line, standard deviation `scale` (0.5)."""
    count = settings.modes or 1
    centres = GAUSSIAN_CENTRE + GAUSSIAN_SPACING * (torch.arange(count, dtype=torch.float64)[:, None] - (count - 1) / 2)
    return draw_dataset("gaussian", mixture(centres, settings.scale or GAUSSIAN_STD), settings)


def ring(settings: DataSettings) -> Dataset:
    """(N, 2): `modes` (8) Gaussians at equal angles on a circle of `radius`, standard deviation `scale` (0.01)."""
    count = settings.modes or RING_MODES
    angle = 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
    centres = settings.radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    return draw_dataset("ring", mixture(centres, settings.scale or RING_STD), settings)


def grid(settings: DataSettings) -> Dataset:
    """(N, 2): 25 Gaussians on a square grid, standard deviation `scale` (0.05)."""
    axis = torch.arange(-4.0, 5.0, 2.0, dtype=torch.float64)
    return draw_dataset("grid", mixture(torch.cartesian_prod(axis, axis), settings.scale or GRID_STD), settings)


def mixture(centres: Tensor, std: float) -> EqualGaussians:
    """Every centre (K, D) a mode."""
    return EqualGaussians(centres, std, torch.arange(len(centres)))


def draw_dataset(
    name: str, truth: Truth, settings: DataSettings, class_names: tuple[str, ...] | None = None
) -> Dataset:
    """`points` (10,000) training points from `truth`, and `held_out` times as many held-out ones, fixed by
    `split_seed`."""
    generator = torch.Generator().manual_seed(settings.split_seed)
    points = settings.points or POINTS
    require_memory(BYTES_A_POINT * points, f"{name}: drawing {points:,} points", "lower data.points")
    x, y = truth.sample(points, generator)
    held_out_x, held_out_y = truth.sample(round(points * settings.held_out), generator)
    if class_names is None and truth.modes is not None and len(truth.modes) > 1:
        class_names = tuple(f"mode {k}" for k in range(len(truth.modes)))
    event = Event(shape=tuple(x.shape[1:]), kind="vector", class_names=class_names)
    part, test = Part(x, y if class_names else None), Part(held_out_x, held_out_y if class_names else None)
    return assemble(name, event, part, settings, test=test, truth=truth)
