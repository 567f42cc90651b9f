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
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.points import checked, checked_pair

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
    # Distances come from |x|^2 - 2 x.y + |y|^2, which loses the fewest digits around the origin.
    centre = real.mean(0)
    real, fake = real - centre, fake - centre
    real_squares, fake_squares = real.square().sum(1), fake.square().sum(1)
    radii = smallest_squares(real, most, block=block) if real_radii is None else real_radii.to(real.dtype)
    narrow, wide = radii[:, k - 1] - real_squares, radii[:, density_k - 1] - real_squares
    fake_radii = smallest_squares(fake, k, block=block)[:, k - 1]

    precise, recalled = torch.zeros(len(fake), dtype=torch.bool), torch.zeros(len(real), dtype=torch.bool)
    covered, balls = torch.zeros_like(recalled), torch.zeros(len(fake), dtype=torch.float64)
    for top in range(0, len(real), block):
        rows = slice(top, top + block)
        for left in range(0, len(fake), block):
            columns = slice(left, left + block)
            # |x - y|^2 - |x|^2, so that a row's own term moves to the radius it is compared with.
            part = torch.addmm(fake_squares[columns], real[rows], fake[columns].T, alpha=-2)
            covered[rows] |= part.amin(1) < wide[rows]
            recalled[rows] |= (part - fake_radii[columns]).amin(1) < -real_squares[rows]
            precise[columns] |= (part - narrow[rows, None]).amin(0) < 0
            balls[columns] += (part < wide[rows, None]).to(part.dtype).sum(0)
    return Neighbourhoods(precise, recalled, balls / density_k, covered)


def nearest(
    points: Tensor, reference: Tensor, *, k: int = 1, within: bool = False, block: int = BLOCK
) -> tuple[Tensor, Tensor]:
    """Distances and indices (N, k) of the k points of reference (M, D) nearest to each of points (N, D), nearest first.

    within: `points` and `reference` are the same set, and no point counts as its own neighbour. Candidates are found
    with fast, rounded distances; those of the k chosen are then computed exactly, so that a copy is at distance 0.

    Raises:
        DataError: fewer than k points to choose from, unequal numbers of features, NaN or infinite values.
    """
    names = ("points", "reference points")
    reference = checked(reference, names[1], least=k + within, dtype=None)
    points, reference = checked_pair(points, reference, least=1, names=names, dtype=None)
    centre = reference.mean(0)
    reference = reference - centre
    squares = reference.square().sum(1)
    distances, indices = [], []
    for start in range(0, len(points), block):
        rows = points[start : start + block] - centre
        found = torch.full((len(rows), 0), 0, dtype=rows.dtype)
        at = torch.zeros(len(rows), 0, dtype=torch.int64)
        for other in range(0, len(reference), block):
            columns = slice(other, other + block)
            part = torch.addmm(squares[columns], rows, reference[columns].T, alpha=-2)
            if within and other == start:
                part.fill_diagonal_(torch.inf)
            values, positions = _smallest(part, k)
            found, at = torch.cat([found, values], 1), torch.cat([at, positions + other], 1)
            found, chosen = found.topk(min(k, found.shape[1]), dim=1, largest=False)
            at = at.gather(1, chosen)
        exact = torch.stack([(rows - reference[column]).square().sum(1).sqrt() for column in at.T], dim=1)
        exact, order = exact.sort(dim=1)
        distances.append(exact)
        indices.append(at.gather(1, order))
    return torch.cat(distances), torch.cat(indices)


def smallest_squares(x: Tensor, k: int, *, block: int = BLOCK) -> Tensor:
    """The k smallest squared distances from each of x (N, D) to the others, ascending: (N, k)."""
    x = x - x.mean(0)  # see `neighbourhoods`
    squares = x.square().sum(1)
    best = torch.full((len(x), k), torch.inf, dtype=x.dtype)
    for start in range(0, len(x), block):
        rows = slice(start, start + block)
        for other in range(start, len(x), block):  # the half above the diagonal stands for both
            columns = slice(other, other + block)
            part = torch.addmm(squares[columns], x[rows], x[columns].T, alpha=-2).add_(squares[rows, None])
            if other == start:
                part.fill_diagonal_(torch.inf)
            else:
                best[columns] = _merged(best[columns], part.T)
            best[rows] = _merged(best[rows], part)
    return best.clamp_min_(0)


def _merged(best: Tensor, part: Tensor) -> Tensor:
    k = best.shape[1]
    return torch.cat([best, _smallest(part, k)[0]], dim=1).topk(k, dim=1, largest=False).values


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
