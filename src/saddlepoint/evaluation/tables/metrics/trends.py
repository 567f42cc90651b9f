"""Pair trends: does each pair of columns depend on each other as in real rows?

Two numbers: 1 less half the difference of Spearman's rank correlations. Two categories: 1 less the total variation distance of their
contingency tables. A number and a category: 1 less the difference of correlation ratios (the share of the variance of ranks between
categories, as a root). Missing numbers have the mean rank; missing categories are a category.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.resampling import half_sampling
from saddlepoint.evaluation.tables.cells import Floats
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate

MOST_ROWS = 2_000
MOST_PAIRS = 300  # chosen at random from more
REPEATS = 20
Pairs = list[tuple[int, int]]


def reason_without_pairs(comparison: Comparison) -> str | None:
    """Why pairs cannot be compared, or None."""
    return "the table has a single column that varies." if len(comparison.schema.learnt) < 2 else None


def pair_trends(comparison: Comparison) -> Measurement:
    """The mean over pairs of columns of the similarity of their dependence, in [0, 1]; parts are pairs."""
    some = comparison.at_most(MOST_ROWS)
    columns = some.schema.learnt
    kinds = np.array([len(column.categories) + 2 if column.has_categories else 0 for column in columns])
    pairs = list(itertools.combinations(range(len(columns)), 2))
    if len(pairs) > MOST_PAIRS:
        chosen = np.random.default_rng(comparison.seed).permutation(len(pairs))[:MOST_PAIRS]
        pairs = [pairs[place] for place in np.sort(chosen)]
    x, y = (torch.from_numpy(some.values(frame)) for frame in (some.rows, some.test))

    def statistic(first: Tensor, second: Tensor) -> float:
        return float(pair_similarities(first.numpy(), second.numpy(), kinds, pairs).mean())

    generator = torch.Generator().manual_seed(comparison.seed)
    interval = half_sampling(statistic, x, y, generator=generator, repeats=REPEATS, bounds=(0.0, 1.0))
    each = pair_similarities(x.numpy(), y.numpy(), kinds, pairs)
    names = [f"{columns[first].name} and {columns[second].name}" for first, second in pairs]
    return Measurement(
        as_estimate(interval), tuple(sorted(zip(names, each.tolist(), strict=True), key=lambda part: part[1]))
    )


def pair_similarities(x: Floats, y: Floats, kinds: npt.NDArray[np.int64], pairs: Pairs) -> Floats:
    """The similarity of the dependence of each pair of columns: x (N, C), y (M, C) -> (P,).

    Args:
        x, y: values, NaN where missing.
        kinds: (C,) number of codes of a column of categories, the last for missing cells; 0 for numbers.
        pairs: positions of columns.
    """
    sides = [_Side(values, kinds) for values in (x, y)]
    return np.array([_similarity(sides[0], sides[1], *pair) for pair in pairs])


def pair_strengths(x: Floats, kinds: npt.NDArray[np.int64], pairs: Pairs) -> Floats:
    """How strongly the columns of each pair depend on each other, from 0 to 1: x (N, C) -> (P,).

    The rank correlation without its sign, the correlation ratio, or Cramér's V of two categories.

    Args:
        x: values, NaN where missing.
        kinds: as of `pair_similarities`.
        pairs: positions of columns.
    """
    side = _Side(x, kinds)
    return np.array([_strength(side, *pair) for pair in pairs])


class _Side:
    """Ranks and codes of one set of rows."""

    def __init__(self, values: Floats, kinds: npt.NDArray[np.int64]) -> None:
        self.kinds = kinds
        self.columns = [
            np.where(np.isnan(column), kind - 1, np.minimum(column, kind - 1)).astype(np.int64)
            if kind
            else _ranks(column)
            for column, kind in zip(values.T, kinds, strict=True)
        ]

    def correlation(self, first: int, second: int) -> float:
        a, b = self.columns[first], self.columns[second]
        scale = float(np.sqrt((a @ a) * (b @ b)))
        return float(a @ b) / scale if scale > 0 else 0.0

    def ratio(self, number: int, category: int) -> float:
        ranks, codes = self.columns[number], self.columns[category]
        counts = np.bincount(codes, minlength=self.kinds[category])
        sums = np.bincount(codes, ranks, minlength=self.kinds[category])
        between = float((sums**2 / np.maximum(counts, 1)).sum())
        total = float(ranks @ ranks)
        return (between / total) ** 0.5 if total > 0 else 0.0

    def codes(self, column: int) -> npt.NDArray[np.int64]:
        """(N,) the category of each row."""
        return self.columns[column].astype(np.int64)

    def joint_codes(self, first: int, second: int) -> npt.NDArray[np.int64]:
        """(N,) the cell of the contingency table that each row is in."""
        return np.asarray(self.codes(first) * self.kinds[second] + self.codes(second))


def _ranks(values: Floats) -> Floats:
    """Centred ranks (N,), 0 where a value is missing."""
    from scipy.stats import rankdata

    missing = np.isnan(values)
    ranks = np.zeros(len(values))
    if not missing.all():
        given = rankdata(values[~missing])
        ranks[~missing] = given - given.mean()
    return ranks


def _similarity(x: _Side, y: _Side, first: int, second: int) -> float:
    categories = [place for place in (first, second) if x.kinds[place]]
    if not categories:
        return 1 - abs(x.correlation(first, second) - y.correlation(first, second)) / 2
    if len(categories) == 1:
        number = first if categories[0] == second else second
        return 1 - abs(x.ratio(number, categories[0]) - y.ratio(number, categories[0]))
    # Only cells that occur: a table of two columns of 10,000 categories has 100 million.
    joint = [side.joint_codes(first, second) for side in (x, y)]
    _, cells = np.unique(np.concatenate(joint), return_inverse=True)
    shares = [
        np.bincount(part, minlength=int(cells.max()) + 1) / len(part) for part in np.split(cells, [len(joint[0])])
    ]
    return 1 - float(np.abs(shares[0] - shares[1]).sum()) / 2


def _strength(x: _Side, first: int, second: int) -> float:
    categories = [place for place in (first, second) if x.kinds[place]]
    if not categories:
        return abs(x.correlation(first, second))
    if len(categories) == 1:
        return x.ratio(first if categories[0] == second else second, categories[0])
    return _cramers_v(x.codes(first), x.codes(second), x.joint_codes(first, second))


def _cramers_v(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], joint: npt.NDArray[np.int64]) -> float:
    """Cramér's V of two categories, each as codes (N,), from the cells of their contingency table that occur.

    Chi squared over N is the sum over cells of n_ij^2 / (n_i n_j), minus 1, so that empty cells add nothing.
    """
    _, rows, counts = np.unique(joint, return_index=True, return_counts=True)
    totals = [np.bincount(codes) for codes in (first, second)]
    expected = totals[0][first[rows]] * totals[1][second[rows]].astype(np.float64)
    chi_squared = max(0.0, float((counts.astype(np.float64) ** 2 / expected).sum()) - 1)
    least = min(int((total > 0).sum()) for total in totals) - 1
    return min(1.0, (chi_squared / least) ** 0.5) if least > 0 else 0.0
