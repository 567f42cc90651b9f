"""Scores of generated rows: real rows score as real rows, copies are found, injected faults lower their own score, cards survive JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.evaluation.tables.answer import headline, short
from saddlepoint.evaluation.tables.assess import evaluate_table
from saddlepoint.evaluation.tables.card import BASELINES, TableCard
from saddlepoint.evaluation.tables.compare import compare_tables
from saddlepoint.evaluation.tables.comparison import Comparison
from saddlepoint.evaluation.tables.generators import copula_rows, duplicate_rows, smote_rows
from saddlepoint.evaluation.tables.metrics import METRICS
from tests.evaluation.tables.tables import make_table

TABLES = Path(os.environ.get("SADDLEPOINT_DATA", "absent")) / "tables"
Make = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def parts() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema]:
    """Training, held-out and other rows of one distribution."""
    train, test, more = (make_table(120, seed) for seed in (1, 2, 3))
    schema = infer_schema(train).model_copy(update={"constraints": ("age >= 18",)})
    return train, test, more, schema


def measured(
    key: str,
    rows: pd.DataFrame,
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema],
    target: str = "sex",
) -> float:
    train, test, _, schema = parts
    columns = tuple(column.model_copy(update={"missing": 1.0}) for column in schema.columns)
    usable = schema.model_copy(update={"columns": columns})
    return METRICS[key].measure(Comparison(rows, train, test, usable, True, target)).estimate.value


@pytest.mark.slow
def test_card_of_real_rows_has_every_score_beside_every_baseline(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema], tmp_path: Path
) -> None:
    train, test, more, schema = parts
    chosen = {
        key: metric for key, metric in METRICS.items() if not key.startswith(("detection-boosting", "usefulness"))
    }  # seconds
    card = compare_tables(train, test, more, schema, target="sex", seed=3, metrics=chosen)
    assert [score.metric for score in card.scores] == list(chosen)
    for score in card.scores:
        assert set(score.baselines) == set(BASELINES)
        for estimate in (score.value, *score.baselines.values()):
            assert estimate.low is not None
            assert estimate.high is not None
            assert estimate.low <= estimate.high
    assert not card["detection-logistic"].differs_from_real
    assert card["attack-distance"].baselines["duplicated"].value > 0.6
    assert TableCard.load(card.save(tmp_path / "card.json")) == card
    assert card.headline == headline(card.scores)
    again = compare_tables(train, test, more, schema, target="sex", seed=3, metrics={"trends": METRICS["trends"]})
    assert again["trends"] == card["trends"]
    damaged = {**json.loads(json.dumps(card.to_json())), "scores": [{}]}
    with pytest.raises(RunError, match="cannot be read"):
        TableCard.from_json(damaged)


FAULTS: dict[str, Make] = {
    "shapes": lambda rows: rows.assign(age=59),
    "trends": lambda rows: rows.assign(income=np.random.default_rng(0).permutation(rows["income"].to_numpy())),
    "wasserstein": lambda rows: rows.assign(income=rows["income"] + 400),
    "missing": lambda rows: rows.assign(income=None),
    "valid": lambda rows: rows.assign(city="Atlantis"),
    "constraints": lambda rows: rows.assign(age=3),
    "detection-logistic": lambda rows: rows.assign(age=rows["age"] + 15),
    "detection-boosting": lambda rows: rows.assign(income=rows["income"].mean()),
    "usefulness": lambda rows: rows.assign(sex=np.random.default_rng(0).permutation(rows["sex"].to_numpy())),
}


@pytest.mark.parametrize("key", FAULTS)
def test_an_injected_fault_worsens_its_score(
    key: str, parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema]
) -> None:
    good, bad = (measured(key, rows, parts) for rows in (parts[2], FAULTS[key](parts[2])))
    assert (good - bad if METRICS[key].better == "higher" else bad - good) > 0.05


@pytest.mark.parametrize("key", ["copies", "exact-copies", "attack-distance", "attack-calibrated"])
def test_copies_are_found_and_other_real_rows_are_none(
    key: str, parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema]
) -> None:
    train, _, more, _ = parts
    copied, other = (
        measured(key, duplicate_rows(train, 120, np.random.default_rng(0)), parts),
        measured(key, more, parts),
    )
    assert copied > other + 0.15
    # 120 rows of each: the standard deviation of an area or share is about 0.04; that of the calibrated attack on halves 0.06.
    assert abs(other - (METRICS[key].ideal or 0.0)) < 0.2


@pytest.mark.slow
def test_regressions_explain_numbers_and_permuted_rows_do_not_help(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema],
) -> None:
    train, test, more, schema = parts
    one = {"usefulness-number": METRICS["usefulness-number"], "usefulness": METRICS["usefulness"]}
    card = compare_tables(train, test, more, schema, target="income", metrics=one)
    # Age and sex explain 0.92 of the variance of incomes by construction: 150^2 of 231^2 + 450^2 + 150^2 are noise.
    assert 0.75 < card["usefulness-number"].value.value < 0.97
    assert [skipped.metric for skipped in card.skipped] == ["usefulness"]
    assert "R²" in card.answer
    permuted = more.assign(income=np.random.default_rng(0).permutation(more["income"].to_numpy()))
    assert measured("usefulness-number", permuted, parts, "income") < 0.2


def test_identical_tables_have_the_best_scores(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema],
) -> None:
    test = parts[1]
    for key, best in (("shapes", 1.0), ("trends", 1.0), ("missing", 1.0), ("wasserstein", 0.0)):
        assert measured(key, test.sample(frac=1, random_state=0), parts) == pytest.approx(best, abs=1e-9)


def test_simple_generators_keep_types_and_shares(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema],
) -> None:
    train, _, _, schema = parts
    rng = np.random.default_rng(0)
    for rows in (
        duplicate_rows(train, 500, rng),
        smote_rows(train, schema, "sex", 500, rng),
        copula_rows(train, schema, 500, rng),
    ):
        assert len(rows) == 500
        assert (rows.dtypes == train.dtypes).all()
        # 500 rows: the standard deviation of a share is 0.022.
        assert (rows["sex"] == "F").mean() == pytest.approx((train["sex"] == "F").mean(), abs=0.09)
    copula = copula_rows(train, schema, 2_000, rng)
    assert copula["age"].corr(copula["income"]) == pytest.approx(train["age"].corr(train["income"]), abs=0.15)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.drop(columns="age"), "the generated rows have no column 'age'"),
        (lambda rows: rows[:1], "there is one row of the generated table; a comparison needs 8"),
        (
            lambda rows: rows.assign(age="old"),
            "the generated rows: column age: holds cells that are not integer values",
        ),
    ],
)
def test_refuses_tables_that_cannot_be_compared(
    change: Make, said: str, parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema]
) -> None:
    train, test, more, schema = parts
    with pytest.raises(DataError, match=said):
        compare_tables(train, test, change(more), schema)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "1"])
def test_refuses_seeds_that_are_no_whole_numbers_of_32_bits(seed: object) -> None:
    with pytest.raises(SettingError, match=r"^evaluate: seed must be a whole number from 0 to 4,294,967,295, got"):
        evaluate_table({"x": [1, 2]}, {"x": [1, 2]}, seed=seed)  # type: ignore[arg-type]


def test_refuses_targets_and_real_rows_without_values(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema],
) -> None:
    train, test, more, schema = parts
    with pytest.raises(DataError, match="there is no column 'sexx'"):
        compare_tables(train, test, more, schema, target="sexx")
    with pytest.raises(DataError, match="no column can be compared"):
        evaluate_table({"x": [None] * 20}, {"x": [None] * 20})
    with pytest.raises(DataError, match="16 or more"):
        compare_tables(train[:10], None, more, schema)


def test_without_held_out_rows_copies_are_not_measured_and_halves_are_compared(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema],
) -> None:
    train, _, more, schema = parts
    chosen = {key: METRICS[key] for key in ("shapes", "copies", "usefulness")}
    card = compare_tables(train, None, more.assign(extra=1), schema, metrics=chosen)
    assert [score.metric for score in card.scores] == ["shapes"]
    assert [one.metric for one in card.skipped] == ["copies", "usefulness"]
    assert "may have seen" in card.notes[1]
    with pytest.raises(KeyError, match="--test TABLE"):
        card["copies"]


def test_headlines_have_at_most_twelve_words(parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema]) -> None:
    train, test, more, schema = parts
    chosen = {key: METRICS[key] for key in ("exact-copies", "attack-distance")}
    card = compare_tables(train, test, more, schema, metrics=chosen)
    exact, attack = card.scores
    for area in (0.5, 0.55, 0.7, 0.95):
        seen = replace(attack, metric="detection-boosting", value=replace(attack.value, value=area, low=area - 0.02))
        for copied in (0.0, 0.9):
            found = replace(exact, value=replace(exact.value, value=copied, low=copied, high=copied + 0.01))
            for leaking in (0.5, 0.9):
                said = headline(
                    [seen, found, replace(attack, value=replace(attack.value, value=leaking, low=leaking - 0.1))]
                )
                assert len(said.split()) <= 12
    assert [short(value) for value in (0.62, 1.0, 0.001, -0.5, 0.0)] == [".62", "1.00", ".001", "-.50", "0.00"]


def test_scores_of_all_generators_are_of_equally_many_rows(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Schema],
) -> None:
    """Real rows would otherwise look worse than many generated ones, since distances fall with the number of rows."""
    train, test, more, schema = parts
    some = Comparison(more, train[:30], test, schema, True).at_most(1_000)
    assert (len(some.rows), len(some.test)) == (30, 30)


@pytest.mark.slow
@pytest.mark.skipif(not TABLES.is_dir(), reason="needs the tables below $SADDLEPOINT_DATA")
def test_titanic_copula_is_worse_than_real_and_no_copy() -> None:
    from saddlepoint.data.tabular.reading import read_frame

    frame = read_frame(TABLES / "titanic.csv")
    order = np.random.default_rng(0).permutation(len(frame))
    train, test = (frame.iloc[rows].reset_index(drop=True) for rows in (order[:900], order[900:]))
    schema = infer_schema(train)
    rows = copula_rows(train, schema, 900, np.random.default_rng(1))
    chosen = {key: METRICS[key] for key in ("trends", "wasserstein", "attack-distance")}
    card = compare_tables(train, test, rows, schema, target="survived", metrics=chosen)
    assert card["trends"].value.value < card["trends"].baselines["real"].value
    assert card["wasserstein"].value.value > card["wasserstein"].baselines["real"].value
    assert card["attack-distance"].value.value < card["attack-distance"].baselines["duplicated"].value
