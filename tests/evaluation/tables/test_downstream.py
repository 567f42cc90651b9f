"""Classifiers trained on one table and tested on another: chance level, perfect scores, weights, absent classes, refused input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_info, threadpool_limits

from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.tables.classifiers import DOWNSTREAM
from saddlepoint.evaluation.tables.downstream import downstream_scores, macro_f1
from tests.evaluation.tables.tables import make_table


@pytest.fixture(scope="module")
def table() -> tuple[pd.DataFrame, pd.DataFrame, Schema]:
    frame = make_table(240)
    return frame[:160].reset_index(drop=True), frame[160:].reset_index(drop=True), infer_schema(frame)


@pytest.mark.slow
def test_signal_is_found_and_permuted_labels_give_chance(table: tuple[pd.DataFrame, pd.DataFrame, Schema]) -> None:
    train, test, schema = table
    rng = np.random.default_rng(0)
    permuted = train.assign(sex=rng.permutation(train["sex"].to_numpy()))
    scores = {score.model: score for score in downstream_scores(train, test, schema, "sex")}
    some = {name: DOWNSTREAM[name] for name in ("logistic", "forest")}
    chance = downstream_scores(permuted, test, schema, "sex", models=some)
    assert set(scores) == set(DOWNSTREAM)
    for score in scores.values():
        assert score.accuracy > 0.85
        assert score.macro_f1 > 0.85
        assert score.auc is not None
        assert score.auc > 0.9
    # 80 rows, dependent classifiers: the standard deviation of an area is 0.065.
    assert abs(np.mean([score.auc for score in chance if score.auc is not None]) - 0.5) < 0.2


def test_a_class_that_training_rows_lack_is_an_error_of_the_classifier(
    table: tuple[pd.DataFrame, pd.DataFrame, Schema],
) -> None:
    train, test, schema = table
    only = train[train["sex"] == "F"]
    for score in downstream_scores(only, test, schema, "sex"):
        share = float((test["sex"] == "F").mean())
        assert score.accuracy == pytest.approx(share)
        assert score.macro_f1 == pytest.approx(share / (1 + share))  # the mean of 2 s / (1 + s) and 0
        assert score.auc is None


def test_weights_of_rows_and_missing_targets(table: tuple[pd.DataFrame, pd.DataFrame, Schema]) -> None:
    train, test, schema = table
    models = {"logistic": DOWNSTREAM["logistic"]}
    some = train["sex"].to_numpy() == "M"
    weights = np.where(some, 1e-9, 1.0)
    found = downstream_scores(train, test, schema, "sex", models=models, sample_weight=weights)[0]
    assert found.accuracy < 0.7  # almost all rows are said to be F
    emptied = train.assign(sex=train["sex"].where(np.arange(len(train)) % 2 == 0))
    halved = train[np.arange(len(train)) % 2 == 0]
    assert downstream_scores(emptied, test, schema, "sex", models=models) == downstream_scores(
        halved, test, schema, "sex", models=models
    )
    balanced = downstream_scores(train, test, schema, "sex", models=models, sample_weight="balanced", seeds=2)
    assert [score.seed for score in balanced] == [0, 1]


def test_refuses_what_cannot_be_predicted(table: tuple[pd.DataFrame, pd.DataFrame, Schema]) -> None:
    train, test, schema = table
    with pytest.raises(DataError, match="the target age is of the kind integer"):
        downstream_scores(train, test, schema, "age")
    with pytest.raises(DataError, match="there is no column 'sexx'"):
        downstream_scores(train, test, schema, "sexx")
    with pytest.raises(DataError, match="no rows to train on"):
        downstream_scores(train.assign(sex=None), test, schema, "sex")
    with pytest.raises(SettingError, match="one weight for each"):
        downstream_scores(train, test, schema, "sex", sample_weight=np.ones(3))


def test_classifiers_are_fitted_with_one_thread(table: tuple[pd.DataFrame, pd.DataFrame, Schema]) -> None:
    train, test, schema = table
    threads: list[set[int]] = []

    class Recording(DummyClassifier):
        def fit(self, *arguments: object, **options: object) -> object:
            threads.append(_threads())
            return super().fit(*arguments, **options)

    with threadpool_limits(2):
        before = _threads()
        downstream_scores(train, test, schema, "sex", models={"recording": lambda _: Recording()})
        assert (before, threads, _threads()) == ({2}, [{1}], {2})


def _threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info()}


@pytest.mark.parametrize("seed", range(5))
def test_macro_f1_is_that_of_scikit_learn(seed: int) -> None:
    """Over the classes that occur among the true or the predicted labels."""
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 4, 12), rng.integers(2, 7, 12)
    assert macro_f1(truth, predicted) == pytest.approx(f1_score(truth, predicted, average="macro", zero_division=0.0))
