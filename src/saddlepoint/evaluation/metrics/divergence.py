"""Divergences of discrete distributions, in nats: of counts over classes, over modes, or over the cells of a grid.

Counts of finitely many points are noisy, and every divergence takes noise for difference. The value that equal
distributions have on average goes with each.
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
    """Equal cells over a box in one or two dimensions (more are possible, but fill with few points).

    low, high: of each axis, in the data's units. cells: of each axis.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    cells: tuple[int, ...]

    def __post_init__(self) -> None:
        assert len(self.low) == len(self.high) == len(self.cells), (self.low, self.high, self.cells)
        assert all(low < high for low, high in zip(self.low, self.high, strict=True)), (self.low, self.high)

    @classmethod
    def around(cls, x: Tensor, cells: int = 50) -> Grid:
        """The box of all points x (N, D), `cells` cells an axis; an axis on which they are all equal is one unit wide.

        Raises:
            DataError: no points, NaN or infinite values.
        """
        x = check_points(x, "points", least=1)
        low, high = x.amin(0), x.amax(0)
        margin = torch.where(low == high, 0.5, 1e-9 * (high - low))  # so that the outermost points are inside
        return cls(tuple((low - margin).tolist()), tuple((high + margin).tolist()), (cells,) * x.shape[1])

    def counts(self, x: Tensor) -> Tensor:
        """How many of x (N, D) lie in each cell: (cells in all + 1,) int64, the last for points outside of the box.

        Raises:
            DataError: no points, another number of axes than the grid's, NaN or infinite values.
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
    """KL(p || q) of weights (K,), (K,), each divided by its sum; in nats, infinite where p has mass and q none.

    With p the samples' counts and q the true shares this is the "reverse" KL of the literature on mode collapse:
    it punishes mass where there should be none; a missing mode of K equal ones costs log(K / (K - 1)) only.

    Raises:
        DataError: unequal lengths, negative or non-finite weights, or no mass at all.
    """
    p, q = _shares(p, q)
    held = p > 0
    return max(0.0, float((p[held] * (p[held] / q[held]).log()).sum()))


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """The mean KL of p and of q to their mixture (p + q) / 2: weights (K,), (K,); in nats, from 0 to log 2.

    Divergence measures based on the Shannon entropy (Jianhua Lin, 1991). https://doi.org/10.1109/18.61115

    Raises:
        DataError: as `kl_divergence`.
    """
    p, q = _shares(p, q)
    middle = (p + q) / 2
    return (kl_divergence(p, middle) + kl_divergence(q, middle)) / 2


def expected_kl(categories: int, n: int) -> float:
    """The expectation of KL(counts of n draws || their distribution), (K - 1) / 2n nats.

    Accurate to a few per cent where five draws or more are expected in every category; too high where most are empty.

    Derived by George A. Miller in 1955 (Note on the Bias of Information Estimates, in Information Theory in Psychology).
    """
    return (categories - 1) / (2 * n)


def expected_jensen_shannon(categories: int, n: int, m: int) -> float:
    """The expectation of the Jensen-Shannon divergence of counts of n and of m draws from one distribution, in nats.

    (K - 1) (1/n + 1/m) / 8, by the same expansion as `expected_kl`; like that, too high for nearly empty categories.
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
