"""Covering arrays: few rows in which every pair of values of any two factors occurs together."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any


def pairwise_rows(
    factors: Mapping[str, Sequence[Any]],
    seed: int = 0,
    candidates: int = 30,
    without: Collection[tuple[str, str]] = (),
) -> list[dict[str, Any]]:
    """Return rows that cover all pairs of values, by a greedy search.

    Args:
        factors: the values of each factor, by name.
        seed: of the search; equal seeds give equal rows.
        candidates: rows that are tried for each row that is taken.
        without: pairs of factors whose pairs of values need not all occur.
    """
    chance = random.Random(seed)
    names = list(factors)
    pairs = [(a, b) for a, b in combinations(names, 2) if (a, b) not in without]
    left = {(a, i, b, j) for a, b in pairs for i in range(len(factors[a])) for j in range(len(factors[b]))}
    rows = []
    while left:
        best: dict[str, int] = {}
        most: set[tuple[str, int, str, int]] = set()
        start = min(left)
        for _ in range(candidates):
            row = {name: chance.randrange(len(factors[name])) for name in names}
            row |= {start[0]: start[1], start[2]: start[3]}
            covered = {(a, row[a], b, row[b]) for a, b in pairs} & left
            if len(covered) > len(most):
                best, most = row, covered
        left -= most
        rows.append({name: factors[name][index] for name, index in best.items()})
    return rows
