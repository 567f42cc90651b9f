"""Laws of all ready-made recipes for tables: rows have the table's columns, kinds, ranges and constraints, whatever the family."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

import saddlepoint as sp  # noqa: E402
from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from saddlepoint.errors import DataError, SaddlepointError, SettingError  # noqa: E402
from saddlepoint.experiment.contest import holding, start  # noqa: E402
from saddlepoint.experiment.contest.candidates import candidates  # noqa: E402
from saddlepoint.experiment.contest.generation import generate_rows  # noqa: E402
from saddlepoint.recipe import Recipe  # noqa: E402
from saddlepoint.recipe.targets import with_labels_of_target  # noqa: E402
from saddlepoint.report.facts import read_facts  # noqa: E402

N = 40  # rows: fewer than a batch of every recipe


def table() -> Any:
    """A column of every kind, with a label and a constraint that holds."""
    rng = np.random.default_rng(0)
    low = rng.integers(0, 50, N)
    return read_frame(
        {
            "low": low,
            "high": low + rng.integers(0, 9, N),
            "part": np.where(rng.random(N) < 0.2, np.nan, rng.random(N).round(2)),
            "city": rng.choice(["Oslo", "Rome", "Lima"], N),
            "old": rng.random(N) < 0.5,
            "one": "same",
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, N), unit="D"),
            "label": ["no", "yes"] * (N // 2),
        }
    )


@pytest.mark.parametrize("name", candidates())
@pytest.mark.parametrize("target", [None, "label"])
def test_rows_are_rows_of_the_table(name: str, target: str | None) -> None:
    frame = table()
    schema = infer_schema(frame).model_copy(update={"constraints": ("low <= high",), "target": target})
    given = {"data.target": target, "training.steps": 2}
    recipe = with_labels_of_target(Recipe.load(name).override(given), given)
    (rows,) = generate_rows(recipe, frame, schema, seed=1)
    assert list(rows.columns) == list(frame.columns)
    assert (rows.dtypes == frame.dtypes).all()
    for column in ("low", "high", "part", "day"):
        assert rows[column].dropna().between(frame[column].min(), frame[column].max()).all()
    for column in ("city", "old", "one", "label"):
        assert set(rows[column]) <= set(frame[column])
    assert (rows["low"] <= rows["high"]).all()
    assert (rows["part"].dropna() * 100 % 1).round(6).isin([0.0, 1.0]).all()
    if target is not None:
        assert (rows["label"] == "yes").sum() == N // 2
    (again,) = generate_rows(recipe, frame, schema, seed=1)
    pd.testing.assert_frame_equal(rows, again)


def test_rows_of_a_split_have_no_value_of_other_rows() -> None:
    """The schema of a table with other ranges, categories and missing cells changes no row of a model of a part of it."""
    frame = table()
    others = frame.assign(low=frame["low"] + 1_000, city="Cairo", part=np.nan)
    recipe = Recipe.load("gaussian-table")
    drawn = [
        generate_rows(recipe, frame, infer_schema(whole), seed=1)[0] for whole in (frame, pd.concat([frame, others]))
    ]
    pd.testing.assert_frame_equal(*drawn)


@pytest.mark.parametrize("name", candidates())
def test_a_target_makes_the_model_conditional_unless_the_user_says_otherwise(name: str) -> None:
    recipe = Recipe.load(name)
    assert with_labels_of_target(recipe, {}) == recipe
    given: dict[str, Any] = {"data.target": "label"}
    conditional = with_labels_of_target(recipe.override(given), given)
    assert "sample by class" in conditional.model.abilities
    assert with_labels_of_target(conditional, given) == conditional
    assert conditional.training.balance_classes == recipe.model.balances_target
    unbalanced = given | {"training.balance_classes": False}
    assert not with_labels_of_target(recipe.override(unbalanced), unbalanced).training.balance_classes
    plain = given | {"model.conditional": False}
    assert with_labels_of_target(recipe.override(given), plain).model == recipe.model
    assert not with_labels_of_target(recipe.override(given), plain).training.balance_classes


@pytest.mark.slow
def test_auto_table_trains_the_winner_as_an_ordinary_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "candidates", lambda: ("gaussian-table", "mixture-table"))
    monkeypatch.setattr(holding, "SPLITS", 1)
    settings = {"training": {"steps": 2, "checkpoint_every": 2}, "evaluation": {"samples": 64}, "pictures": False}
    run = sp.train("auto-table", data={"source": table(), "target": "label"}, run=tmp_path / "run", **settings)
    contest = json.loads(run.folder.contest.read_text("utf-8"))
    assert contest["winner"] == run.recipe.name
    assert read_facts(run.folder).contest == contest["sentence"]
    assert set(run.rows(30)["label"]) == {"no", "yes"}


@pytest.mark.parametrize(
    ("data", "settings", "said"),
    [
        (lambda: table().head(1), {}, "at least 2"),
        (lambda: table()[["one"]], {}, "no column"),
        (lambda: {"source": table(), "target": "one"}, {}, "two classes or more"),
        (lambda: {"source": table(), "target": "non"}, {}, "non"),
        (lambda: "digits", {}, "give a table"),
        (table, {"model": {"conditional": True}}, "each recipe has its own"),
        (table, {"contest": {"minutes": 0}}, "greater than 0"),
    ],
)
def test_what_no_contest_can_be_held_for_is_refused(
    data: Any, settings: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SaddlepointError, match=said) as raised:
        sp.train("auto-table", data=data(), run=tmp_path / "run", **settings)
    assert isinstance(raised.value, DataError | SettingError)
    assert not list(tmp_path.iterdir())
