"""Precision and recall, density and coverage: are samples like real points, and are all real points represented?

Around each point lies a ball that reaches to its k-th nearest neighbour of the same set; the balls together stand for
the set's manifold.

- precision: share of samples inside some real ball; recall: share of real points inside some sample's ball (k = 3).
  Improved Precision and Recall Metric for Assessing Generative Models (Tuomas Kynkäänniemi, Tero Karras, Samuli Laine,
  Jaakko Lehtinen, Timo Aila, 2019). https://arxiv.org/abs/1904.06991
- density: mean number of real balls a sample lies in, over k; coverage: share of real balls that hold a sample (k = 5).
  Reliable Fidelity and Diversity Metrics for Generative Models (Muhammad Ferjad Naeem, Seong Joon Oh, Youngjung Uh,
  Yunjey Choi, Jaejun Yoo, 2020). https://arxiv.org/abs/2002.09797

Distances are computed in blocks, and each within a set once, so that memory grows with N and not with its square.
Identical points are at distance 0 and equal distances are ties, whatever the processor: see `evaluation.squares`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.points import checked, checked_pair
from saddlepoint.evaluation.metrics.squared_distances import SAME, Centred, in_order, rows_at_once

BLOCK = 2_048  # points a side; a block of single-precision distances is then 16 MiB
GROUP = 32  # distances that are first compared by their smallest alone


@dataclass(frozen=True)
class Neighbourhoods:
    """Which points lie in whose balls; the four scores are means of these, over all points or over those of a class.

    precise: (M,) bool, the sample lies in a real ball. recalled: (N,) bool, the real point lies in a sample's ball.
    density: (M,) float64, number of real balls around the sample, over k. covered: (N,) bool, a sample lies in its ball.
    """

    precise: Tensor
    recalled: Tensor
    density_by_sample: Tensor
    covered: Tensor

    @property
    def precision(self) -> float:
        """In [0, 1], 1 is best."""
        return float(self.precise.double().mean())

    @property
    def recall(self) -> float:
        """In [0, 1], 1 is best."""
        return float(self.recalled.double().mean())

    @property
    def density(self) -> float:
        """0 or more; about 1 for equal distributions, above 1 for samples crowded where real points are densest."""
        return float(self.density_by_sample.mean())

    @property
    def coverage(self) -> float:
        """In [0, 1]; for equal distributions about 1 - 2^-k with equally many points, so 0.97 for k = 5."""
        return float(self.covered.double().mean())


def neighbourhoods(
    real: Tensor,
    fake: Tensor,
    *,
    k: int = 3,
    density_k: int = 5,
    block: int = BLOCK,
    real_radii: Tensor | None = None,
) -> Neighbourhoods:
    """All four of real (N, D) and fake (M, D) together, with balls to the `k`-th neighbour for precision and recall
    and to the `density_k`-th for density and coverage.

    real_radii: `smallest_squares(real, max(k, density_k))`, where that is known already.

    A ball is open (as in `prdc`), so a point of which the set holds more than k copies has an empty one. Constant
    features therefore score 0 throughout: there is no neighbourhood to lie in.

    Raises:
        DataError: no more points than k in a set, unequal numbers of features, NaN or infinite values.
    """
    most = max(k, density_k)
    real, fake = checked_pair(real, fake, least=most + 1, dtype=None)
    radii = smallest_squares(real, most, block=block) if real_radii is None else real_radii.double()
    balls = _Balls(radii[:, k - 1], radii[:, density_k - 1], smallest_squares(fake, k, block=block)[:, k - 1])
    centre = real.mean(0)
    x, y = Centred(real, centre), Centred(fake, centre)
    found = Neighbourhoods(
        precise=torch.zeros(len(fake), dtype=torch.bool),
        recalled=torch.zeros(len(real), dtype=torch.bool),
        density_by_sample=torch.zeros(len(fake), dtype=torch.float64),
        covered=torch.zeros(len(real), dtype=torch.bool),
    )
    for top in range(0, len(real), block):
        for left in range(0, len(fake), block):
            _count(found, balls, x, y, slice(top, top + block), slice(left, left + block))
    return Neighbourhoods(found.precise, found.recalled, found.density_by_sample / density_k, found.covered)


@dataclass(frozen=True)
class _Balls:
    """Squared radii, float64: of the real points' balls for precision and for coverage, (N,), and of the samples', (M,)."""

    narrow: Tensor
    wide: Tensor
    fake: Tensor


def _count(found: Neighbourhoods, balls: _Balls, x: Centred, y: Centred, rows: slice, columns: slice) -> None:
    """Add to `found` what real points x at `rows` and samples y at `columns` show.

    Fast distances decide all comparisons that are clear despite their error; the rows and columns of the others are
    computed again in double precision.
    """
    # |x - y|^2 - |x|^2, so that a row's own term moves to the radius that it is compared with.
    part = x.fast_to(rows, y, columns)
    own, share = x.squares[rows], x.error + SAME
    narrow, wide, fake = (radii.to(part.dtype) for radii in (balls.narrow[rows], balls.wide[rows], balls.fake[columns]))
    narrow, wide = narrow - own, wide - own
    most = torch.maximum(y.squares[columns].max(), fake.max())
    band = share * (2 * own + most + wide.abs())
    bands = share * ((2 * own + wide.abs()).max() + y.squares[columns])

    nearest_sample, deepest = part.amin(1), (part - fake).amin(1) + own
    inside, outside = nearest_sample < wide - band, nearest_sample >= wide + band
    within, without = deepest < -band, deepest >= band
    reached = (part - narrow[:, None]).amin(0)
    surely, never = reached < -bands, reached >= bands
    low, high = (wide - band)[:, None], (wide + band)[:, None]
    count, at_most = ((part < edge).to(part.dtype).sum(0) for edge in (low, high))

    covered, recalled, precise = found.covered[rows], found.recalled[rows], found.precise[columns]
    covered |= inside
    recalled |= within
    precise |= surely
    # Asked the other way round, so that NaN from an overflow is not clear.
    unclear = ((~outside & ~covered) | (~without & ~recalled)).nonzero()[:, 0]
    if len(unclear):
        squares, slack = x.precise_to(unclear + rows.start, y, columns)
        squares += slack
        covered[unclear] |= (squares < balls.wide[rows][unclear, None]).any(1)
        recalled[unclear] |= (squares < balls.fake[columns]).any(1)
    unclear = (~never & ~precise).nonzero()[:, 0]
    if len(unclear):
        squares, slack = x.precise_to(rows, y, unclear + columns.start)
        precise[unclear] |= (squares + slack < balls.narrow[rows, None]).any(0)
    unclear = (~(count == at_most)).nonzero()[:, 0]
    if len(unclear):
        count[unclear] = _counted(part[:, unclear], low, high, balls.wide[rows], x, y, rows, unclear + columns.start)
    found.density_by_sample[columns] += count


def _counted(
    part: Tensor, low: Tensor, high: Tensor, wide: Tensor, x: Centred, y: Centred, rows: slice, columns: Tensor
) -> Tensor:
    """How many of the balls of x at `rows` hold each sample y at `columns`, by fast distances part where these are clear."""
    inside = part < low
    pairs = (~inside & ~(part >= high)).nonzero()
    if 8 * len(pairs) > part.numel():
        squares, slack = x.precise_to(rows, y, columns)
        inside = squares + slack < wide[:, None]
    else:
        squares, slack = x.pairs_to(pairs[:, 0] + rows.start, y, columns[pairs[:, 1]])
        inside[pairs[:, 0], pairs[:, 1]] = squares + slack < wide[pairs[:, 0]]
    return inside.to(part.dtype).sum(0)


def nearest(
    points: Tensor, reference: Tensor, *, k: int = 1, within: bool = False, block: int = BLOCK
) -> tuple[Tensor, Tensor]:
    """Distances and indices (N, k) of the k points of reference (M, D) nearest to each of points (N, D), nearest first.

    Of equally near points the one that comes first counts, and a copy is at distance 0.

    Args:
        within: `points` and `reference` are the same set, and no point counts as its own neighbour.

    Raises:
        DataError: fewer than k points to choose from, unequal numbers of features, NaN or infinite values.
    """
    names = ("points", "reference points")
    reference = checked(reference, names[1], least=k + within, dtype=None)
    points, reference = checked_pair(points, reference, least=1, names=names, dtype=None)
    squares, indices = _nearest(points, reference, k, within, block)
    return squares.sqrt().to(points.dtype), indices


def smallest_squares(x: Tensor, k: int, *, block: int = BLOCK) -> Tensor:
    """The k smallest squared distances from each of x (N, D) to the others, ascending: (N, k) float64."""
    return _nearest(x, x, k, True, block)[0]


def _nearest(points: Tensor, reference: Tensor, k: int, within: bool, block: int) -> tuple[Tensor, Tensor]:
    """Squared distances, float64, and indices of the k nearest, (N, k) each."""
    centre = reference.mean(0)
    y = Centred(reference, centre)
    x = y if within else Centred(points, centre)
    others = len(y) - within
    # One more than asked for, which shows whether the others are clearly nearer than it.
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
    """The k smallest fast squared distances from each of x to y and their indices, ascending: (N, k) each."""
    best = torch.full((len(x), k), torch.inf, dtype=x.fast.dtype)
    at = torch.zeros(len(x), k, dtype=torch.int64)
    for start in range(0, len(x), block):
        rows = slice(start, min(start + block, len(x)))
        # Within a set, the half above the diagonal stands for both.
        for other in range(start if within else 0, len(y), block):
            columns = slice(other, min(other + block, len(y)))
            part = x.fast_to(rows, y, columns).add_(x.squares[rows, None])
            if within and other == start:
                part.fill_diagonal_(torch.inf)
            elif within:
                best[columns], at[columns] = _merged(best[columns], at[columns], part.T, start)
            best[rows], at[rows] = _merged(best[rows], at[rows], part, other)
    return best, at


def _merged(best: Tensor, at: Tensor, part: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """The smallest of `best` (N, k), which lie at `at`, and of part (N, M), whose columns begin at `start`."""
    k = best.shape[1]
    values, positions = _smallest(part, k)
    found, order = torch.cat([best, values], 1).topk(k, dim=1, largest=False)
    return found, torch.cat([at, positions + start], 1).gather(1, order)


def _smallest(part: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row of part (N, M) and where they are: (N, min(k, M)) each.

    The k smallest lie in the k groups whose smallest members are smallest, so that all but those groups are passed over
    after one comparison an element.
    """
    n, m = part.shape
    groups = m // GROUP
    if groups <= k:
        values, positions = part.topk(min(k, m), dim=1, largest=False)
        return values, positions
    # Strided groups: element j belongs to group j % groups, and what is left over is looked at in any case.
    even = groups * GROUP
    chosen = part[:, :even].reshape(n, GROUP, groups).amin(1).topk(k, dim=1, largest=False).indices
    members = (chosen[:, :, None] + groups * torch.arange(GROUP)).flatten(1)
    rest = torch.arange(even, m).expand(n, -1)
    members = torch.cat([members, rest], dim=1)
    values, order = part.gather(1, members).topk(k, dim=1, largest=False)
    return values, members.gather(1, order)
