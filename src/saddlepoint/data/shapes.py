"""The usual shapes in the plane, each with an exact density.

A curve is made of many equal Gaussians placed along it, closer together than a third of their standard deviation: the
density of that mixture is exact, and differs from that of a continuous curve by less than a millionth. Units are free;
every shape lies within about [-5, 5].

- `moons`: two interleaved half circles, as in scikit-learn's `make_moons`.
- `spirals`: two arms of one and a half turns around the origin.
- `swiss-roll`: the flat cut through scikit-learn's `make_swiss_roll`, a tenth of its size.
- `checkerboard`: the uniform density on the 8 dark squares of a 4x4 board on [-4, 4]^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset, Truth
from saddlepoint.data.mixtures import EqualGaussians, draw_dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError

MOONS_STD, SPIRALS_STD, SWISS_ROLL_STD = 0.1, 0.1, 0.1
STEPS_PER_STD = 3
MOST_COMPONENTS = 100_000


def moons(settings: DataSettings) -> Dataset:
    """(N, 2): two half circles of radius 1, smeared by `scale` (0.1)."""
    angle = torch.linspace(0, math.pi, 10_001, dtype=torch.float64)
    upper = torch.stack([angle.cos(), angle.sin()], dim=1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
    truth = curves([upper, lower], settings.scale or MOONS_STD)
    return draw_dataset("moons", truth, settings, class_names=("upper", "lower"))


def spirals(settings: DataSettings) -> Dataset:
    """(N, 2): two arms r = angle / pi from r = 0.5 to 3.5, smeared by `scale` (0.1)."""
    angle = torch.linspace(math.pi / 2, 3.5 * math.pi, 10_001, dtype=torch.float64)
    arm = (angle / math.pi)[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    truth = curves([arm, -arm], settings.scale or SPIRALS_STD)
    return draw_dataset("spirals", truth, settings, class_names=("arm 0", "arm 1"))


def swiss_roll(settings: DataSettings) -> Dataset:
    """(N, 2): one arm r = 0.1 angle for angles from 1.5 pi to 4.5 pi, smeared by `scale` (0.1)."""
    angle = torch.linspace(1.5 * math.pi, 4.5 * math.pi, 10_001, dtype=torch.float64)
    arm = 0.1 * angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return draw_dataset("swiss-roll", curves([arm], settings.scale or SWISS_ROLL_STD), settings)


def checkerboard(settings: DataSettings) -> Dataset:
    """(N, 2): uniform on 8 squares of side 2."""
    return draw_dataset("checkerboard", Checkerboard(), settings, class_names=tuple(f"square {k}" for k in range(8)))


def curves(paths: list[Tensor], std: float) -> EqualGaussians:
    """Equal Gaussians at equal distances along paths, each (M, 2) fine points of a curve; equally many a path."""
    lengths = [torch.cat([torch.zeros(1), path.diff(dim=0).norm(dim=1).cumsum(0)]) for path in paths]
    count = math.ceil(max(length[-1].item() for length in lengths) * STEPS_PER_STD / std)
    if count > MOST_COMPONENTS:
        raise DataError(
            f"data.scale {std:g} is too small for this shape, which would be {count:,} Gaussians along its curve: at most "
            f"{MOST_COMPONENTS:,} are made. Set data.scale to at least {std * count / MOST_COMPONENTS:.1g}."
        )
    centres = []
    for path, length in zip(paths, lengths, strict=True):
        # The middles of `count` equal stretches, found by interpolating the path at those lengths.
        wanted = (torch.arange(count, dtype=torch.float64) + 0.5) / count * length[-1]
        after = torch.searchsorted(length, wanted)
        share = (wanted - length[after - 1]) / (length[after] - length[after - 1])
        centres.append(torch.lerp(path[after - 1], path[after], share[:, None]))
    return EqualGaussians(torch.cat(centres), std, torch.arange(len(paths)).repeat_interleave(count), has_modes=False)


@dataclass(frozen=True)
class Checkerboard(Truth):
    """The uniform density on the squares of [-4, 4]^2 whose column and row, counted in twos, add up to an even number."""

    @property
    def modes(self) -> Tensor | None:
        return None

    @property
    def mode_std(self) -> float | None:
        return None

    def log_prob(self, x: Tensor) -> Tensor:
        """(N, 2) -> (N,) float64: -log 32 nats on a dark square, minus infinity elsewhere."""
        x = x.double()
        inside = (x.abs() < 4).all(1) & ((x / 2).floor().sum(1) % 2 == 0)
        return torch.where(inside, -math.log(32.0), -math.inf)

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n, 2) float32 points in random order and the (n,) numbers 0 to 7 of their squares, equally many a square."""
        square = (torch.arange(n) + torch.randint(8, (), generator=generator)) % 8
        square = square[torch.randperm(n, generator=generator)]
        column = square // 2
        # Rows of a column are every other one, beginning with 0 in even columns and with 1 in odd ones.
        row = 2 * (square % 2) + column % 2
        corner = torch.stack([column, row], dim=1) * 2.0 - 4.0
        return corner + 2.0 * torch.rand(n, 2, generator=generator), square
