"""The page of generated rows: complete, escaped, and drawn for all kinds of columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.evaluation.scorecard.score import Estimate, Skipped
from saddlepoint.evaluation.tables.card import BASELINES, TableCard, TableScore
from saddlepoint.evaluation.tables.pictures import PictureColumn, strongest_pairs
from saddlepoint.figures.column_pairs import pair_figure
from saddlepoint.figures.columns import column_figure
from saddlepoint.report.tables import write_table_page

HOSTILE = "<script>alert(1)</script>"


def column(name: str, kind: str, seed: int) -> PictureColumn:
    rng = np.random.default_rng(seed)
    if kind == "category":
        many = tuple(f"{HOSTILE}{place}" for place in range(20))
        real, generated = (rng.integers(0, 21, n).astype(float) for n in (80, 60))
        real[real == 20] = np.nan  # and 20 in generated rows is a category that no real row has
        return PictureColumn(name, real, generated, many, False)
    real, generated = rng.normal(2_000, 500, 80), rng.normal(size=60)
    generated[:5] = np.nan
    return PictureColumn(name, real, generated, (), kind == "date")


def card() -> TableCard:
    estimate = Estimate(0.62, 0.58, 0.66)
    score = TableScore(
        "detection-boosting",
        "Detection",
        estimate,
        "lower",
        "What it says.",
        0.5,
        dict.fromkeys(BASELINES, replace(estimate, value=0.5, low=0.45, high=0.55)),
        ((HOSTILE, 0.3),),
    )
    return TableCard(
        HOSTILE, "people.csv", "Rows differ from real ones", "An answer.", (score,), (Skipped("a", "A", "b"),)
    )


@pytest.mark.slow
def test_page_is_complete_and_escaped(tmp_path: Path) -> None:
    columns = (column("born", "date", 0), column(HOSTILE, "category", 1))
    path = write_table_page(card(), columns, strongest_pairs(columns), tmp_path / "page.html")
    text = path.read_text()
    assert "<script" not in text
    assert text.count("<figure") == 3
    for words in (
        "Rows differ from real ones",
        ".62",
        ".58 to .66",
        "unlike real rows",
        "Gaussian copula",
        "Not measured",
    ):
        assert words in text
    assert "no two columns" in write_table_page(card(), (), (), tmp_path / "page.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "other"), [("number", "number"), ("date", "category"), ("category", "category")])
def test_columns_without_values_are_drawn(kind: str, other: str) -> None:
    one, two = column("one", kind, 0), column("two", other, 1)
    empty = replace(two, real=np.full(80, np.nan), generated=np.full(60, np.nan))
    for drawing in (column_figure(empty), pair_figure(one, empty, "both")):
        drawing.canvas.draw()  # type: ignore[attr-defined]
