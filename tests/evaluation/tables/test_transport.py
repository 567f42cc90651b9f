"""The exact Wasserstein distance between tables: identity, symmetry, shifts, agreement with one dimension, categories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.errors import DataError
from saddlepoint.evaluation.tables import transport
from saddlepoint.evaluation.tables.transport import rows_wasserstein, table_wasserstein
from tests.evaluation.tables.tables import make_table


def test_identity_symmetry_and_order_of_rows() -> None:
    a, b = make_table(40, 1), make_table(30, 2)
    schema = infer_schema(a)
    assert table_wasserstein(a, a.sample(frac=1, random_state=0), schema, a) == pytest.approx(0, abs=1e-12)
    there, back = table_wasserstein(a, b, schema, a), table_wasserstein(b, a, schema, a)
    assert there == pytest.approx(back, rel=1e-9)
    assert there > 0
    twice = pd.concat([b, b])  # the same distribution, with other weights of the linear program
    assert table_wasserstein(a, twice, schema, a) == pytest.approx(there, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (50, 37), (3, 1)])
def test_one_column_agrees_with_scipy(n: int, m: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n, 1)), rng.exponential(size=(m, 1))
    assert rows_wasserstein(x, y) == pytest.approx(wasserstein_distance(x[:, 0], y[:, 0]), rel=1e-9)


def test_a_shift_costs_its_length() -> None:
    x = np.random.default_rng(0).random((60, 4))
    shift = np.array([0.5, -0.25, 0.0, 1.0])
    assert rows_wasserstein(x, x + shift) == pytest.approx(1.75, rel=1e-9)


def test_categories_and_missing_cells_are_one_apart() -> None:
    base = pd.DataFrame({"x": [0.0, 2.0] * 5, "kind": ["a", "b"] * 5, "gap": [1.0, None] * 5})
    schema = infer_schema(base)
    other = base.assign(kind=["b", "a"] * 5)
    narrow = base.assign(kind="a", x=0.0, gap=1.0)
    assert table_wasserstein(narrow, narrow.assign(kind="b"), schema, base) == pytest.approx(1)
    assert table_wasserstein(narrow, narrow.assign(kind="never seen"), schema, base) == pytest.approx(1)
    assert table_wasserstein(narrow, narrow.assign(x=2.0), schema, base) == pytest.approx(1)
    assert table_wasserstein(narrow, narrow.assign(gap=np.nan), schema, base) == pytest.approx(1)
    assert table_wasserstein(base, other, schema, base) == pytest.approx(1)


def test_large_sets_are_seeded_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_ROWS", 20)
    x = np.random.default_rng(0).random((50, 2))
    first, again, other = (rows_wasserstein(x, x + 1, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert abs(first - 2) < 0.5  # a mean over 20 rows in two columns of standard deviation 0.3
    with pytest.raises(DataError, match="at least one row"):
        rows_wasserstein(x[:0], x)
