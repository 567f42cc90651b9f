"""Precision and recall, density and coverage: are samples like real points, and are all real points represented?

Each point has a ball that reaches to its k-th nearest neighbour of the same set; the balls together approximate the manifold
of the set.

- precision: share of samples inside some real ball; recall: share of real points inside some sample's ball (k = 3).
- density: mean number of real balls that hold a sample, over k; coverage: share of real balls that hold a sample (k = 5).

References:
    Improved Precision and Recall Metric for Assessing Generative Models (Tuomas Kynkäänniemi, Tero Karras, Samuli Laine,
    Jaakko Lehtinen, Timo Aila, 2019). https://arxiv.org/abs/1904.06991
    Reliable Fidelity and Diversity Metrics for Generative Models (Muhammad Ferjad Naeem, Seong Joon Oh, Youngjung Uh,
    Yunjey Choi, Jaejun Yoo, 2020). https://arxiv.org/abs/2002.09797
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.neighbours import BLOCK, smallest_squares
from saddlepoint.evaluation.metrics.points import check_pair
from saddlepoint.evaluation.metrics.squared_distances import SAME, Centred


@dataclass(frozen=True)
class Neighbourhoods:
    """Which points lie in which balls. The four scores are means over all points or over those of a class.

    Attributes:
        precise: (M,) bool, whether the sample lies in a ball of a real point.
        recalled: (N,) bool, whether the real point lies in a ball of a sample.
        density_by_sample: (M,) float64, number of balls of real points that contain the sample, over k.
        covered: (N,) bool, whether a sample lies in the ball of the real point.
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
    """The neighbourhoods behind precision, recall, density and coverage.

    A ball is open (as in the package `prdc`), so a point with more than k copies in its set has an empty one. Constant
    features therefore have scores of 0.

    Args:
        real: (N, D) points.
        fake: (M, D) samples.
        k: neighbour that a ball extends to, for precision and recall.
        density_k: the same for density and coverage.
        block: points of each set in one block of distances.
        real_radii: `smallest_squares(real, max(k, density_k))`, if it is known.

    Raises:
        DataError: at most k points in a set, unequal numbers of features, NaN or infinite values.
    """
    most = max(k, density_k)
    real, fake = check_pair(real, fake, least=most + 1, dtype=None)
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
    """Squared radii of the balls, float64.

    Attributes:
        narrow: (N,) of the real points, for precision.
        wide: (N,) of the real points, for coverage.
        fake: (M,) of the samples.
    """

    narrow: Tensor
    wide: Tensor
    fake: Tensor


def _count(found: Neighbourhoods, balls: _Balls, x: Centred, y: Centred, rows: slice, columns: slice) -> None:
    """Add to `found` the comparisons of real points x at `rows` with samples y at `columns`.

    Fast distances decide all comparisons that are clear despite their error. The others are computed again in double
    precision.
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
    # Negated comparisons, so that NaN from an overflow counts as unclear.
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
        count[unclear] = _count_balls(
            part[:, unclear], low, high, balls.wide[rows], x, y, rows, unclear + columns.start
        )
    found.density_by_sample[columns] += count


def _count_balls(
    part: Tensor, low: Tensor, high: Tensor, wide: Tensor, x: Centred, y: Centred, rows: slice, columns: Tensor
) -> Tensor:
    """Number of balls of x at `rows` that contain each sample y at `columns`; by fast distances `part` if these are
    clear.
    """
    inside = part < low
    pairs = (~inside & ~(part >= high)).nonzero()
    if 8 * len(pairs) > part.numel():
        squares, slack = x.precise_to(rows, y, columns)
        inside = squares + slack < wide[:, None]
    else:
        squares, slack = x.pairs_to(pairs[:, 0] + rows.start, y, columns[pairs[:, 1]])
        inside[pairs[:, 0], pairs[:, 1]] = squares + slack < wide[pairs[:, 0]]
    return inside.to(part.dtype).sum(0)
