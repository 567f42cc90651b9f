"""A small table with numbers, categories, dates and missing cells, whose columns depend on each other."""

from __future__ import annotations

import numpy as np
import pandas as pd


def make_table(n: int, seed: int = 0) -> pd.DataFrame:
    """n people: income depends on age and sex, and some incomes and cities are missing."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 60, n)
    sex = rng.integers(0, 2, n)
    income = np.round(500 + 20 * age + 900 * sex + rng.normal(scale=150, size=n), 2)
    city = np.array(["Rome", "Oslo", "Paris"])[np.minimum(rng.integers(0, 4, n), 2)]
    born = pd.Timestamp("2020-01-01") - pd.to_timedelta(age * 365 + rng.integers(0, 365, n), unit="D")
    return pd.DataFrame(
        {
            "age": age,
            "sex": np.array(["F", "M"])[sex],
            "city": pd.Series(city).where(rng.random(n) > 0.05),
            "income": np.where(rng.random(n) < 0.1, np.nan, income),
            "born": born.astype("datetime64[us]"),
        }
    )
