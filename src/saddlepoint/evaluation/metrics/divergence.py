"""Divergences of discrete distributions, in nats: of counts of classes, modes or cells of a grid.

Counts of finitely many points are noisy, and noise increases every divergence. Each divergence therefore comes with
its expectation for equal distributions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.points import check_points


@dataclass(frozen=True)
class Grid:
    """A regular grid over a box, meant for one or two dimensions; more need too many points.

    Attributes:
        low: lower end of each axis, in the data's units.
        high: upper end of each axis.
        cells: number of cells of each axis.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    cells: tuple[int, ...]

    def __post_init__(self) -> None:
        assert len(self.low) == len(self.high) == len(self.cells), (self.low, self.high, self.cells)
        assert all(low < high for low, high in zip(self.low, self.high, strict=True)), (self.low, self.high)

    @classmethod
    def around(cls, x: Tensor, cells: int = 50) -> Grid:
        """A grid over the bounding box of points; an axis without variation has width 1.

        Args:
            x: (N, D) points.
            cells: of each axis.

        Raises:
            DataError: no points, NaN or infinite values.
        """
        x = check_points(x, "points", least=1)
        low, high = x.amin(0), x.amax(0)
        margin = torch.where(low == high, 0.5, 1e-9 * (high - low))  # so that the outermost points are inside
        return cls(tuple((low - margin).tolist()), tuple((high + margin).tolist()), (cells,) * x.shape[1])

    def counts(self, x: Tensor) -> Tensor:
        """Number of points in each cell.

        Args:
            x: (N, D) points.

        Returns:
            (number of cells + 1,) int64; the last entry counts points outside the box.

        Raises:
            DataError: no points, another number of axes than that of the grid, NaN or infinite values.
        """
        x = check_points(x, "points", least=1)
        if x.shape[1] != len(self.cells):
            raise DataError(f"points: the grid has {len(self.cells)} axes, the points have {x.shape[1]}.")
        low, high = (torch.tensor(side, dtype=torch.float64) for side in (self.low, self.high))
        sizes = torch.tensor(self.cells)
        inside = ((x >= low) & (x < high)).all(1)
        at = ((x[inside] - low) / (high - low) * sizes).long().minimum(sizes - 1)
        strides = torch.tensor([math.prod(self.cells[axis + 1 :]) for axis in range(len(self.cells))])
        cells = math.prod(self.cells)
        counts = torch.bincount((at * strides).sum(1), minlength=cells + 1)
        counts[cells] = len(x) - inside.sum()
        return counts


def kl_divergence(p: Tensor, q: Tensor) -> float:
    """KL(p || q) in nats; infinite where p has mass and q has none.

    If p are counts of samples and q are true shares, this is the "reverse" KL of the literature on mode collapse. It
    penalises mass where there should be none; one missing mode of K equal ones adds only log(K / (K - 1)).

    Args:
        p: (K,) weights, which are divided by their sum.
        q: (K,) weights, which are divided by their sum.

    Raises:
        DataError: unequal lengths, negative or non-finite weights, or weights that are all 0.
    """
    p, q = _shares(p, q)
    held = p > 0
    return max(0.0, float((p[held] * (p[held] / q[held]).log()).sum()))


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """The Jensen-Shannon divergence, the mean KL of p and of q to their mixture, in nats from 0 to log 2.

    Args:
        p: (K,) weights, which are divided by their sum.
        q: (K,) weights, which are divided by their sum.

    Raises:
        DataError: as `kl_divergence`.

    References:
        Divergence measures based on the Shannon entropy (Jianhua Lin, 1991), https://doi.org/10.1109/18.61115
    """
    p, q = _shares(p, q)
    middle = (p + q) / 2
    return (kl_divergence(p, middle) + kl_divergence(q, middle)) / 2


def expected_kl(categories: int, n: int) -> float:
    """The expectation of KL(counts of n draws || their distribution), (K - 1) / 2n nats.

    It is accurate to a few per cent if each category has at least five expected draws, and too high if most are empty.
    George A. Miller derived it in 1955 (Note on the Bias of Information Estimates, in Information Theory in
    Psychology).

    Args:
        categories: K.
        n: number of draws.
    """
    return (categories - 1) / (2 * n)


def expected_jensen_shannon(categories: int, n: int, m: int) -> float:
    """The expectation, in nats, of the Jensen-Shannon divergence between counts of n and of m draws from one
    distribution.

    It is (K - 1) (1/n + 1/m) / 8, by the same expansion as `expected_kl`, and too high if most categories are empty.

    Args:
        categories: K.
        n: draws of the first set.
        m: draws of the second set.
    """
    return (categories - 1) * (1 / n + 1 / m) / 8


def _shares(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    if p.ndim != 1 or p.shape != q.shape:
        raise DataError(f"need two rows of weights of one length, got shapes {tuple(p.shape)} and {tuple(q.shape)}.")
    p, q = p.double(), q.double()
    for name, weights in (("first", p), ("second", q)):
        if not weights.isfinite().all() or weights.min() < 0 or weights.sum() == 0:
            raise DataError(f"the {name} weights must be finite, not negative, and not all zero.")
    return p / p.sum(), q / q.sum()
