"""Copies and membership attacks: no false alarms by rare categories, and no copy that is not looked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.evaluation.tables.compare import compare_tables
from saddlepoint.evaluation.tables.comparison import Comparison
from saddlepoint.evaluation.tables.metrics import METRICS
from tests.evaluation.tables.tables import make_table


@pytest.mark.slow
@pytest.mark.parametrize("key", ["copies", "attack-distance", "attack-calibrated"])
def test_other_real_rows_with_rare_categories_are_no_copies(key: str) -> None:
    """Categories that only training rows or only held-out rows have are no sign of a copy."""
    names = np.array([f"town {n}" for n in range(60)])
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        train, test, other = (
            pd.DataFrame({column: rng.choice(names, 60) for column in ("home", "work")} | {"x": rng.normal(size=60)})
            for _ in range(3)
        )
        schema = infer_schema(pd.concat([train, test, other]))
        found.append(METRICS[key].measure(Comparison(other, train, test, schema, True, None, seed)).estimate.value)
    # The standard deviation of one area or share of 60 rows is about 0.06, on halves 0.09.
    assert abs(np.mean(found) - 0.5) < 0.1


def test_copies_of_any_training_row_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in tables of more rows than simple generators are fitted to."""
    monkeypatch.setattr("saddlepoint.evaluation.tables.compare.MOST_FITTED", 20)
    train, test = make_table(120, 1), make_table(40, 2)
    card = compare_tables(
        train, test, train[50:], infer_schema(train), metrics={"exact-copies": METRICS["exact-copies"]}
    )
    assert card["exact-copies"].value.value == 1


def test_without_held_out_rows_copies_of_all_real_rows_are_counted() -> None:
    real = make_table(120, 1)
    chosen = {"exact-copies": METRICS["exact-copies"]}
    card = compare_tables(real, None, real, infer_schema(real), metrics=chosen)
    assert card["exact-copies"].value.value == 1
    assert card["exact-copies"].baselines["real"].value == real.duplicated(keep=False).mean() == 0
    assert card.headline == "Many rows copy training rows"
    assert card.answer == "100.0% of the rows equal a training row (of real rows, 0.0%)."
