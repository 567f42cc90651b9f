"""Squared distances that decide comparisons in the same way on every machine.

Neighbour scores compare distances. The fast form |x|^2 - 2 x.y + |y|^2 by a matrix product has an error of some
roundings of |x|^2 + |y|^2, which depends on the processor. Equal points then have distances above 0, and equal
distances have a random order. The fast product therefore only decides comparisons that are clear despite its error.
The rest is computed again in double precision, where squared distances that differ by less than `SAME` of |x|^2 +
|y|^2 count as equal. Points are measured from the centre of a set, so two points are equal if their distance is below
a millionth of their distance to the centre.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

SAME = 1e-12  # of |x|^2 + |y|^2; (8 roundings of a float32)^2, and 100 times the error of a product in double precision
FEW = 32  # features, up to which the product is a small part of the work and is made in double precision
_MOST_NUMBERS = 1 << 22  # of a block of distances in double precision
_CACHED = 1 << 16  # of a block of differences in double precision


class Centred:
    """Points (N, D) around a common centre, for fast and for precise distances.

    Attributes:
        fast: (N, D) points minus the centre; float64 for up to `FEW` features, else in the type of the points.
        squares: (N,) squared distances to the centre, in the type of `fast`.
    """

    def __init__(self, points: Tensor, centre: Tensor) -> None:
        """Subtract the centre.

        Args:
            points: (N, D) float32 or float64 on the CPU.
            centre: (D,).
        """
        self._points, self._centre = points, centre.double()
        kind = torch.float64 if points.shape[1] <= FEW else points.dtype
        self.fast = points.to(kind) - centre.to(kind)
        self.squares = self.fast.square().sum(1)

    def __len__(self) -> int:
        return len(self.fast)

    @property
    def error(self) -> float:
        """Bound on the error of a fast squared distance, as a share of |x|^2 + |y|^2.

        A product of D terms has an error of about sqrt(D) / 2 roundings. The bound has four times that for both
        products, and a constant for rounded coordinates and sums.
        """
        return (16.0 + 2.0 * math.sqrt(self.fast.shape[1])) * torch.finfo(self.fast.dtype).eps

    def at(self, index: Tensor | slice) -> Tensor:
        """The points at `index` minus the centre, float64."""
        return self._points[index].double() - self._centre

    def fast_to(self, rows: slice, other: Centred, columns: slice) -> Tensor:
        """(rows, columns) squared distances without the term of the rows, |x - y|^2 - |x|^2, by a fast product."""
        return torch.addmm(other.squares[columns], self.fast[rows], other.fast[columns].T, alpha=-2)

    def precise_to(self, rows: Tensor | slice, other: Centred, columns: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Squared distances in double precision, 0 for equal points, and the tolerance of comparisons: (rows, columns)
        each.
        """
        return precise_squares(self.at(rows), other.at(columns))

    def pairs_to(self, rows: Tensor, other: Centred, columns: Tensor) -> tuple[Tensor, Tensor]:
        """The same for single pairs, by direct differences.

        Args:
            rows: (P,) indices of these points.
            other: the other points.
            columns: (P,) indices of them.

        Returns:
            Squared distances and tolerances, (P,) each.
        """
        step = max(1, _CACHED // max(1, self.fast.shape[1]))
        squares = torch.empty(len(rows), dtype=torch.float64)
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            x, y = self._points.index_select(0, rows[part]), other._points.index_select(0, columns[part])
            difference = x.double().sub_(y)
            squares[part] = torch.linalg.vector_norm(difference, dim=1).square_()
        slack = SAME * (self.squares[rows] + other.squares[columns]).double()
        return snap_to_zero(squares, slack), slack


def precise_squares(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distances of centred points in double precision.

    Args:
        x: (N, D) float64.
        y: (M, D) float64.

    Returns:
        Squared distances, 0 for equal points, and the tolerance of comparisons, (N, M) each.
    """
    sizes = x.square().sum(1)[:, None] + y.square().sum(1)
    slack = SAME * sizes
    return snap_to_zero(sizes.addmm_(x, y.T, alpha=-2), slack), slack


def snap_to_zero(squares: Tensor, slack: Tensor) -> Tensor:
    """Set squared distances up to the tolerance to 0, in place."""
    return squares.masked_fill_(squares <= slack, 0.0)


def in_order(squares: Tensor, slack: Tensor, k: int) -> Tensor:
    """Columns of the k smallest squared distances in each row.

    Args:
        squares: (N, M) squared distances.
        slack: (N, M) tolerance within which two of them count as equal.
        k: columns of each row.

    Returns:
        (N, k) column indices, ascending by distance; of equal ones the first column.
    """
    left, chosen = squares.clone(), []
    for _ in range(k):
        least = left.amin(1, keepdim=True)
        # The place itself is minimised: `argmin` of equal distances could be any of them.
        first = torch.where(left <= least + slack, torch.arange(left.shape[1]), left.shape[1]).argmin(1, keepdim=True)
        chosen.append(first)
        left.scatter_(1, first, torch.inf)
    return torch.cat(chosen, 1) if chosen else torch.zeros(len(squares), 0, dtype=torch.int64)


def rows_at_once(columns: int) -> int:
    """Number of rows in a block of double-precision numbers with `columns` columns."""
    return max(1, _MOST_NUMBERS // max(1, columns))
