"""Nearest neighbours of points, with the same ties and copies on every processor.

Distances are computed in blocks, and each distance within a set once, so that memory grows with N and not with its
square. Equal points are at distance 0 and equal distances are ties: see
`saddlepoint.evaluation.metrics.squared_distances`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.points import check_pair, check_points
from saddlepoint.evaluation.metrics.squared_distances import SAME, Centred, in_order, rows_at_once

BLOCK = 2_048  # points a side; a block of single-precision distances is then 16 MiB
GROUP = 32  # distances of which first only the smallest is compared


def nearest(
    points: Tensor, reference: Tensor, *, k: int = 1, within: bool = False, block: int = BLOCK
) -> tuple[Tensor, Tensor]:
    """The k nearest neighbours of points in a reference set.

    Of equally near points the one with the smallest index counts, and a copy is at distance 0.

    Args:
        points: (N, D).
        reference: (M, D).
        k: number of neighbours.
        within: whether both sets are the same; a point is then not its own neighbour.
        block: points of each set in one block of distances.

    Returns:
        Distances and indices, (N, k) each, nearest first.

    Raises:
        DataError: fewer than k points to choose from, unequal numbers of features, NaN or infinite values.
    """
    names = ("points", "reference points")
    reference = check_points(reference, names[1], least=k + within, dtype=None)
    points, reference = check_pair(points, reference, least=1, names=names, dtype=None)
    squares, indices = _nearest(points, reference, k, within, block)
    return squares.sqrt().to(points.dtype), indices


def smallest_squares(x: Tensor, k: int, *, block: int = BLOCK) -> Tensor:
    """The k smallest squared distances from each point to the others.

    Args:
        x: (N, D) points.
        k: number of neighbours.
        block: points of each set in one block of distances.

    Returns:
        (N, k) float64, ascending.
    """
    return _nearest(x, x, k, True, block)[0]


def _nearest(points: Tensor, reference: Tensor, k: int, within: bool, block: int) -> tuple[Tensor, Tensor]:
    """Squared distances (float64) and indices of the k nearest, (N, k) each."""
    centre = reference.mean(0)
    y = Centred(reference, centre)
    x = y if within else Centred(points, centre)
    others = len(y) - within
    # One more than requested, to see whether the others are clearly nearer.
    values, indices = _candidates(x, y, min(k + 1, others), within, block)
    chosen, _ = indices[:, :k].sort(1)
    pairs = x.pairs_to(torch.arange(len(x)).repeat_interleave(k), y, chosen.flatten())
    squares, slack = (part.view(len(x), k) for part in pairs)
    order = in_order(squares, slack, k)
    squares, chosen = squares.gather(1, order), chosen.gather(1, order)
    unclear = ~values.isfinite().all(1)
    if others > k:
        last = values[:, k].double()
        # The size of a point that is not among the candidates is bounded by that of x and its distance.
        unclear |= ~(squares[:, -1] < last - 4 * (x.error + SAME) * (x.squares.double() + last))
    for rows in torch.split(unclear.nonzero()[:, 0], rows_at_once(len(y))):
        exact, slack = x.precise_to(rows, y, slice(None))
        if within:
            exact[torch.arange(len(rows)), rows] = torch.inf
        chosen[rows] = in_order(exact, slack, k)
        squares[rows] = exact.gather(1, chosen[rows])
    return squares, chosen


def _candidates(x: Centred, y: Centred, k: int, within: bool, block: int) -> tuple[Tensor, Tensor]:
    """The k smallest fast squared distances from each of x to y, and their indices, (N, k) each, ascending."""
    best = torch.full((len(x), k), torch.inf, dtype=x.fast.dtype)
    at = torch.zeros(len(x), k, dtype=torch.int64)
    for start in range(0, len(x), block):
        rows = slice(start, min(start + block, len(x)))
        # Within a set, distances are symmetric: only the half above the diagonal is computed.
        for other in range(start if within else 0, len(y), block):
            columns = slice(other, min(other + block, len(y)))
            part = x.fast_to(rows, y, columns).add_(x.squares[rows, None])
            if within and other == start:
                part.fill_diagonal_(torch.inf)
            elif within:
                best[columns], at[columns] = _merge(best[columns], at[columns], part.T, start)
            best[rows], at[rows] = _merge(best[rows], at[rows], part, other)
    return best, at


def _merge(best: Tensor, at: Tensor, part: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """Merge the smallest values `best` (N, k) at indices `at` with those of part (N, M), whose columns begin at
    `start`.
    """
    k = best.shape[1]
    values, positions = _smallest(part, k)
    found, order = torch.cat([best, values], 1).topk(k, dim=1, largest=False)
    return found, torch.cat([at, positions + start], 1).gather(1, order)


def _smallest(part: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row of part (N, M) and their indices, (N, min(k, M)) each.

    The k smallest lie in the k groups with the smallest minima, so all other groups are skipped after one comparison
    for each element.
    """
    n, m = part.shape
    groups = m // GROUP
    if groups <= k:
        values, positions = part.topk(min(k, m), dim=1, largest=False)
        return values, positions
    # Strided groups: element j belongs to group j % groups, and the remaining elements are always compared.
    even = groups * GROUP
    chosen = part[:, :even].reshape(n, GROUP, groups).amin(1).topk(k, dim=1, largest=False).indices
    members = (chosen[:, :, None] + groups * torch.arange(GROUP)).flatten(1)
    rest = torch.arange(even, m).expand(n, -1)
    members = torch.cat([members, rest], dim=1)
    values, order = part.gather(1, members).topk(k, dim=1, largest=False)
    return values, members.gather(1, order)
