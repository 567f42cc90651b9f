"""The scikit-learn estimator: its conventions, frames of mixed types in and out, and what it says."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from saddlepoint.applications.impute import holding_out
from saddlepoint.applications.impute.imputer import TableImputer
from saddlepoint.applications.impute.settings import METHODS
from saddlepoint.errors import DataError, SettingError

pandas = pytest.importorskip("pandas")

CHECKED = [
    TableImputer("neighbours"),
    TableImputer("normal", aim="inference", draws=2, random_state=0),
    TableImputer("mean", add_indicator=True),
]


@parametrize_with_checks(CHECKED)
def test_the_conventions_of_scikit_learn(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        # The checks themselves use what later versions change.
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", message="X does not have valid feature names", category=UserWarning)
        check(estimator)


def people(n: int = 80, seed: int = 0) -> Any:
    """A frame with columns of every kind, some cells of which are missing."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    frame = pandas.DataFrame(
        {
            "age": pandas.array(age, dtype="Int64"),
            "height": np.round(150 + 0.3 * age + rng.standard_normal(n), 1),
            "group": np.where(age > 50, "old", "young").astype(object),
            "size": pandas.Categorical(rng.choice(["S", "M", "L"], n), ["S", "M", "L"], ordered=True),
            "smokes": pandas.array(rng.random(n) < 0.3, dtype="boolean"),
            "since": pandas.Timestamp("2020-01-01") + pandas.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "count": rng.integers(0, 5, n),
        }
    ).astype({"group": "str"})
    for column in frame.columns[:-1]:
        frame.loc[rng.random(n) < 0.2, column] = None
    return frame


@pytest.mark.parametrize("method", ["neighbours", "trees", "matching"])
def test_frames_keep_types_and_observed_cells(method: str) -> None:
    frame = people().set_index(np.arange(100, 180))
    imputer = TableImputer(method, random_state=0, options={"trees": 5} if method == "trees" else None)
    full = imputer.fit_transform(frame)
    assert full.dtypes.equals(frame.dtypes)
    assert not full.isna().any().any()
    assert full.index.equals(frame.index)
    assert full.where(frame.notna()).equals(frame.where(frame.notna()))
    assert list(full["size"].cat.categories) == ["S", "M", "L"]
    assert (full["height"] * 10).round(6).mod(1).eq(0).all()  # the source's one decimal
    assert full["age"].between(frame["age"].min(), frame["age"].max()).all()
    assert imputer.get_feature_names_out().tolist() == list(frame.columns)


def test_names_that_are_no_texts_come_back() -> None:
    frame = pandas.DataFrame({0: [1.0, None, 3.0], 7: [1, 2, 3]})
    assert TableImputer("mean").fit_transform(frame).columns.tolist() == [0, 7]


def test_rows_that_come_later_are_completed_without_fitting() -> None:
    frame = people()
    imputer = TableImputer("neighbours").fit(frame)
    new = people(5, seed=1)
    new["count"] = new["count"].astype("Int64")
    new.loc[0, "count"] = pandas.NA  # missing where no row was when fitted
    full = imputer.transform(new)
    assert not full.isna().any().any()
    assert full["count"].dtype == "Int64"
    pandas.testing.assert_frame_equal(imputer.transform(new.iloc[[2]]), full.iloc[[2]])
    new.loc[1, "group"] = "middle"
    with pytest.raises(DataError, match="column group, row 2: 'middle' is none of its categories"):
        imputer.transform(new)


def test_draws_differ_in_missing_cells_alone() -> None:
    frame = people()
    imputer = TableImputer("matching", aim="inference", draws=3, random_state=0).fit(frame)
    tables = imputer.impute(frame)
    missing = frame.isna()
    assert len(tables) == 3
    for table in tables:
        assert not table.isna().any().any()
        assert table.where(~missing).equals(frame.where(~missing))
    assert not tables[0].equals(tables[1])
    again = clone(imputer).fit(frame).impute(frame)
    assert all(one.equals(other) for one, other in zip(tables, again, strict=True))


def test_auto_says_who_won(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding_out, "METHODS", {name: METHODS[name] for name in ("normal", "matching")})
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3)) @ rng.standard_normal((3, 3))
    x[rng.random(x.shape) < 0.2] = np.nan
    imputer = TableImputer("auto", aim="inference", draws=2, random_state=0).fit(x)
    assert imputer.contest_ is not None
    assert imputer.method_ == imputer.contest_.winner
    assert "held-out cells" in imputer.note_
    tiny = TableImputer("auto").fit(x[:5])
    assert tiny.method_ == "mean"
    assert "too small" in tiny.note_


def test_columns_without_values_are_kept_or_dropped_and_said() -> None:
    x = np.array([[1.0, np.nan, 2.0], [np.nan, np.nan, 3.0], [2.0, np.nan, np.nan]])
    with pytest.warns(UserWarning, match="without any observed value stay missing: 1"):
        kept = TableImputer("mean", add_indicator=True).fit(x)
    assert np.isnan(kept.transform(x)[:, 1]).all()
    assert kept.transform(x).shape == (3, 6)
    assert kept.get_feature_names_out().tolist()[3:] == [f"missingindicator_x{k}" for k in range(3)]
    with pytest.warns(UserWarning, match="are dropped"):
        dropped = TableImputer("mean", keep_empty_features=False).fit(x)
    np.testing.assert_allclose(dropped.transform(x), [[1, 2], [1.5, 3], [2, 2.5]])
    assert dropped.get_feature_names_out().tolist() == ["x0", "x2"]


def test_text_and_identifiers_stay_and_are_named() -> None:
    frame = people(30)
    frame["id"] = [f"P{k:03}" for k in range(30)]
    frame.loc[3, "id"] = None
    imputer = TableImputer("mean").fit(frame)
    with pytest.warns(UserWarning, match="stay missing in id"):
        full = imputer.transform(frame)
    assert full["id"].isna().sum() == 1
    assert not full.drop(columns="id").isna().any().any()
    assert "identifier" in imputer.left(frame)["id"]


def test_other_marks_of_missing_cells() -> None:
    x = np.array([[1.0, -1.0], [-1.0, 4.0], [3.0, 2.0]])
    np.testing.assert_allclose(TableImputer("mean", missing_values=-1).fit_transform(x), [[1, 3], [2, 4], [3, 2]])
    with pytest.raises(ValueError, match="mark them alike"):
        TableImputer("mean", missing_values=-1).fit(np.array([[np.nan, 1.0], [1.0, 2.0]]))


def test_polars_frames_come_back_as_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, None, 3], "b": ["x", "y", None], "c": [0.5, 1.5, 2.5]})
    full = TableImputer("mean").fit_transform(frame)
    assert isinstance(full, polars.DataFrame)
    assert full.schema == frame.schema
    assert full.null_count().sum_horizontal().item() == 0


def test_settings_are_checked_when_fitted() -> None:
    x = np.array([[1.0, 2.0], [3.0, np.nan]])
    for options, match in (
        ({"method": "tree"}, 'Did you mean "trees"'),
        ({"aim": "both"}, "prediction or inference"),
        ({"draws": 0}, "at least 1"),
        ({"method": "mean", "draws": 5}, "best guesses"),
        ({"method": "auto", "options": {"trees": 3}}, "name the method"),
    ):
        with pytest.raises(SettingError, match=match):
            TableImputer(**options).fit(x)
    with pytest.raises(SettingError, match="best guesses"):
        TableImputer("mean").fit(x).impute(x, 3)
