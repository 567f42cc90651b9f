"""Dependence of pairs of columns: against tables in closed form and SciPy, and in bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.stats.contingency import association

from saddlepoint.evaluation.tables.metrics.trends import pair_similarities, pair_strengths

PAIR = [(0, 1)]


def codes(seed: int, n: int = 400) -> np.ndarray:
    """(n, 2) positions among five and seven categories; the second depends on the first."""
    rng = np.random.default_rng(seed)
    first = rng.integers(5, size=n)
    return np.stack([first, np.where(rng.random(n) < 0.5, first, rng.integers(7, size=n))], 1).astype(np.float64)


def test_strength_of_categories_is_cramers_v() -> None:
    x = codes(0)
    table = np.zeros((5, 7), dtype=np.int64)
    np.add.at(table, tuple(x.astype(np.int64).T), 1)
    (found,) = pair_strengths(x, np.array([7, 9]), PAIR)
    assert found == pytest.approx(association(table, method="cramer"))
    same = np.stack([x[:, 0], x[:, 0]], 1)
    assert pair_strengths(same, np.array([7, 7]), PAIR)[0] == pytest.approx(1)
    assert pair_strengths(np.zeros((20, 2)), np.array([3, 3]), PAIR)[0] == 0


def test_similarity_of_categories_is_one_less_the_total_variation_distance() -> None:
    x, y = codes(1), codes(2, 300)
    tables = [np.histogramdd(side, [np.arange(6), np.arange(8)])[0] / len(side) for side in (x, y)]
    (found,) = pair_similarities(x, y, np.array([7, 9]), PAIR)
    assert found == pytest.approx(1 - np.abs(tables[0] - tables[1]).sum() / 2)


def test_memory_does_not_grow_with_the_square_of_the_categories() -> None:
    many = 10_000
    x = np.random.default_rng(0).integers(many, size=(500, 2)).astype(np.float64)
    kinds = np.array([many + 2, many + 2])
    pair_strengths(x[:5], kinds, PAIR)
    tracemalloc.start()
    pair_strengths(x, kinds, PAIR)
    pair_similarities(x, x[::-1], kinds, PAIR)
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
