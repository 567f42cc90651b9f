"""A small table with columns of many kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_people(path: Path, n: int = 200) -> Path:
    """Write n people: incomes depend on age and sex, some are missing."""
    rng = np.random.default_rng(0)
    age = 20 + np.arange(n) % 40
    sex = rng.integers(0, 2, n)
    income = np.round(500 + 40 * age + 300 * sex + rng.normal(scale=150, size=n), 2)
    lines = ["id,age,sex,city,income,born,married,note"]
    for row in range(n):
        cells = (
            str(1000 + row),
            str(age[row]),
            "FM"[sex[row]],
            ("Rome", "Oslo", "Paris")[rng.integers(3)],
            "NA" if rng.random() < 0.1 else f"{income[row]:.2f}",
            f"{1990 - age[row]}-{1 + row % 12:02}-01",
            ("no", "yes")[int(rng.random() < 0.5)],
            f"these are some words about {row}",
        )
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n")
    return path
