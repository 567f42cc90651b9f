"""Neighbourhoods of the data: how samples are distributed over them, and how samples move between two probes.

Examples and samples are projected on the data's principal components, where k-means divides the data into
neighbourhoods. The share of neighbourhoods with samples shows what a mean distance does not: that a part of the data
has no samples.

References:
    On GANs and GMMs (Eitan Richardson, Yair Weiss, 2018), https://arxiv.org/abs/1805.12462
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.pairwise import distances, mean_within

CELLS, ROUNDS = 32, 15
PER_CELL = 8  # real examples a cell should hold, so that its share of the data is known
LOST = 0.1  # a neighbourhood is lost where samples come less than a tenth as often as they should
SMALLEST = 0.5  # reach below which samples are too narrow to be called blurred; `diversity` judges those

Project = Callable[[Tensor], Tensor]


class Neighbourhood:
    """Neighbourhoods of the data in projected space.

    Attributes:
        centres: (K, d) of the neighbourhoods.
        shares: (K,) of the data in each neighbourhood.
        distance: () mean distance between two real examples.
        middle: (d,) mean of the real examples.
        radius: () mean distance of the real examples from it.
    """

    def __init__(self, project: Project, real: Tensor, seed: int = 0) -> None:
        """Fit the neighbourhoods.

        Args:
            project: (N, *event) in the data's units -> (N, d).
            real: (N, d) projected examples, at least two.
            seed: of k-means.
        """
        self.project = project
        cells = max(1, min(CELLS, len(real) // PER_CELL))
        self.centres = k_means(real, cells, torch.Generator().manual_seed(seed))
        self.shares = self.shares_of(real)
        self.distance = mean_within(real)
        self.middle = real.mean(0)
        self.radius = (real - self.middle).norm(dim=1).mean()

    def to(self, device: torch.device) -> None:
        """Move all tensors to the device."""
        self.centres, self.shares, self.distance = (x.to(device) for x in (self.centres, self.shares, self.distance))
        self.middle, self.radius = self.middle.to(device), self.radius.to(device)

    def shares_of(self, projected: Tensor) -> Tensor:
        """(N, d) -> (K,) share of the points in each neighbourhood."""
        return shares_at(projected, self.centres)

    def diversity(self, projected: Tensor) -> Tensor:
        """(N, d) -> () mean distance of two samples over that of two real examples."""
        relative: Tensor = mean_within(projected) / self.distance.clamp_min(1e-12)
        return relative

    def reach(self, projected: Tensor) -> Tensor:
        """(N, d) -> () mean distance of samples from the data's middle over that of the data."""
        relative: Tensor = (projected - self.middle).norm(dim=1).mean() / self.radius.clamp_min(1e-12)
        return relative

    def widened(self, projected: Tensor) -> Tensor:
        """(N, d) -> (N, d) samples moved away from the data's middle until their mean distance from it is that of the data.

        Samples that are further out than the data are returned as they are, and none is moved by more than `1 / SMALLEST`.

        Blurred samples, as those of a generator that still learns, lie in all directions but too near the middle, and outer
        neighbourhoods get none of them. Samples of a generator that makes only a part of the data lack whole directions.
        """
        return self.middle + (projected - self.middle) / self.reach(projected).clamp(SMALLEST, 1.0)

    def coverage(self, shares: Tensor) -> Tensor:
        """The share of the data whose neighbourhood has at least a tenth of its expected samples: (K,) shares of
        samples -> ().
        """
        return (self.shares * (shares >= LOST * self.shares)).sum()


def turnover(shares: Tensor, before: Tensor) -> Tensor:
    """The net share of samples that moved to another neighbourhood, the total variation distance of the shares.

    Both probes use the same noise, so an unchanged generator has a turnover of 0, without a correction for chance.

    Args:
        shares: (K,) at this probe.
        before: (K,) at the previous probe.

    Returns:
        () in [0, 1].
    """
    return 0.5 * (shares - before).abs().sum()


def shares_at(points: Tensor, places: Tensor) -> Tensor:
    """points (N, d), places (K, d) -> (K,) share of the points nearest to each place."""
    nearest = distances(points, places).argmin(1)
    return torch.nn.functional.one_hot(nearest, len(places)).float().mean(0)


def modes_covered(samples: Tensor, centres: Tensor, std: float, radius: float = 3.0) -> tuple[Tensor, Tensor]:
    """The share of modes that have samples, and the share of samples that are at a mode.

    Args:
        samples: (N, D).
        centres: (K, D) of the modes.
        std: standard deviation of a mode.
        radius: in standard deviations, within which a sample is at a mode.

    Returns:
        Two numbers, () each: the share of modes with at least a tenth of their fair share of the samples, where each sample
        counts for its nearest mode, however far; the share of samples within `radius` of a mode.
    """
    distance, mode = distances(samples, centres).min(1)
    counts = torch.nn.functional.one_hot(mode, len(centres)).float().sum(0)
    enough = max(1.0, LOST * len(samples) / len(centres))
    return (counts >= enough).float().mean(), (distance < radius * std).float().mean()


def k_means(x: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """(k, d) centres of x (N, d) by k-means, initialised by k-means++.

    References:
        k-means++: The Advantages of Careful Seeding (David Arthur, Sergei Vassilvitskii, 2007),
        https://theory.stanford.edu/~sergei/papers/kMeansPP-soda.pdf
    """
    centres = x[torch.randint(len(x), (1,), generator=generator)]
    nearest = (x - centres).square().sum(1)
    for _ in range(k - 1):
        weights = nearest if nearest.sum() > 0 else torch.ones_like(nearest)
        chosen = x[torch.multinomial(weights, 1, generator=generator)]
        centres = torch.cat([centres, chosen])
        nearest = torch.minimum(nearest, (x - chosen).square().sum(1))
    for _ in range(ROUNDS):
        own = torch.nn.functional.one_hot(distances(x, centres).argmin(1), k).to(x.dtype)
        counts = own.sum(0)
        means = (own.T @ x) / counts.clamp_min(1)[:, None]
        centres = torch.where(counts[:, None] > 0, means, centres)
    return centres
