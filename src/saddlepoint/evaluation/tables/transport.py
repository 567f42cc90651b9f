"""The exact 1-Wasserstein distance between two tables: the least cost of transporting the rows of one to those of the other.

The cost of a pair of rows is their L1 distance after numbers are scaled to [0, 1] and categories are one-hot columns of height 1/2, so that
two different categories are as far apart as the ends of a number's range (and a missing number, placed at the mean, and a value at least as far). The distance is biased upward:
two samples of one distribution have a positive distance, which falls slowly with their size. Compare it with that of real rows of the same number.

References:
    Generating and Imputing Tabular Data via Diffusion and Flow-based Gradient-Boosted Trees (Alexia Jolicoeur-Martineau, Kilian Fatras,
    Tal Kachman, 2024), https://arxiv.org/abs/2309.09968
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import DataError
from saddlepoint.evaluation.tables.cells import Floats
from saddlepoint.evaluation.tables.features import TableFeatures

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1_000  # of each side of an assignment, a second of work
MOST_PAIRS = 150_000  # of a linear program between unequal numbers of rows, three seconds of work


def table_wasserstein(
    a: pd.DataFrame, b: pd.DataFrame, schema: Schema, scale_by: pd.DataFrame, *, seed: int = 0
) -> float:
    """The exact 1-Wasserstein distance between the rows of two frames.

    Up to 1,000 rows each, or up to 150,000 pairs of rows of unequal numbers, are compared exactly. Of larger frames, equally many rows
    of both, at most 1,000, are chosen at random, and the distance between these is exact.

    Args:
        a: (N rows) with the columns of the schema.
        b: (M rows).
        schema: of both. Constants, identifiers and text do not count.
        scale_by: rows whose smallest and largest numbers become 0 and 1, such as the real training rows.
        seed: of the choice of rows.

    Raises:
        DataError: a frame has no rows, or lacks a column.
    """
    features = distance_features(scale_by, schema)
    return rows_wasserstein(features.encode(a), features.encode(b), seed=seed)


def distance_features(scale_by: pd.DataFrame, schema: Schema) -> TableFeatures:
    """The encoding of rows as vectors whose L1 distance is the cost of a pair, by the ranges of some real rows."""
    columns = tuple(column.model_copy(update={"missing": 1.0}) for column in schema.columns)
    return TableFeatures(scale_by, schema.model_copy(update={"columns": columns}), scale="range", indicator=0.5)


def rows_wasserstein(x: Floats, y: Floats, *, seed: int = 0) -> float:
    """The exact 1-Wasserstein distance, by L1 cost, between the rows of x (N, D) and y (M, D); larger sets as in `table_wasserstein`."""
    from scipy.spatial.distance import cdist  # half a second to import

    if not len(x) or not len(y):
        raise DataError("the distance between tables needs at least one row in both.")
    if (len(x) != len(y) and len(x) * len(y) > MOST_PAIRS) or max(len(x), len(y)) > MOST_ROWS:
        rng = np.random.default_rng(seed)
        n = min(len(x), len(y), MOST_ROWS)
        x, y = (rows[np.sort(rng.permutation(len(rows))[:n])] for rows in (x, y))
    costs: Floats = cdist(x, y, "cityblock")
    return _assignment_cost(costs) if len(x) == len(y) else _transport_cost(costs)


def _assignment_cost(costs: Floats) -> float:
    """The mean cost of the cheapest pairing: costs (N, N)."""
    from scipy.optimize import linear_sum_assignment

    return float(costs[linear_sum_assignment(costs)].mean())


def _transport_cost(costs: Floats) -> float:
    """The cost of the cheapest transport between uniform weights: costs (N, M), as a linear program."""
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    n, m = costs.shape
    rows = kron(eye_array(n), np.ones((1, m)))
    columns = kron(np.ones((1, n)), eye_array(m))
    # Whole numbers: each of the n rows sends m units, each of the m rows receives n. One equation follows from the others.
    equations = vstack([rows, columns]).tocsr()[:-1]
    amounts = np.concatenate([np.full(n, m), np.full(m - 1, n)])
    found = linprog(costs.ravel(), A_eq=equations, b_eq=amounts, method="highs-ds")
    if not found.success:
        raise DataError(f"the transport between {n:,} and {m:,} rows was not found ({found.message}).")
    return float(found.fun / (n * m))
