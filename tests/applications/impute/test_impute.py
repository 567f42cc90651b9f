"""A table in one call: from files and frames, pooled answers, intervals of cells, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import saddlepoint as sp
from saddlepoint.applications.impute.imputed import NUMBER
from saddlepoint.errors import DataError, SettingError

pandas = pytest.importorskip("pandas")


def lines(n: int = 120, seed: int = 0, share: float = 0.3) -> Any:
    """A frame with a linear relation, a category that depends on it, and missing cells completely at random."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    frame = pandas.DataFrame({"x": x, "y": 2 * x + rng.standard_normal(n), "side": np.where(x > 0, "right", "left")})
    for column in ("x", "side"):
        frame.loc[rng.random(n) < share, column] = None
    return frame


def test_a_file_is_completed(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("age,city,height\n30,Rome,1.70\n,Rome,1.75\n50,Paris,NA\n40,,1.80\n30,Rome,1.65\n")
    done = sp.impute(path, method="mean")
    assert not done.frame.isna().any().any()
    assert done.frame["age"].tolist() == [30, 38, 50, 40, 30]
    assert str(done.frame["age"].dtype) == "Int64"
    assert done.frame["city"].tolist() == ["Rome", "Rome", "Paris", "Rome", "Rome"]
    assert done.filled == {"age": 1, "city": 1, "height": 1}
    assert done.to_json()["missing"] == 3


def test_draws_are_pooled_and_reach_the_truth() -> None:
    done = sp.impute(lines(400), method="normal", aim="inference", draws=10, seed=1)
    constant, slope = done.pool_regression("y", ["x"])
    assert (constant.name, slope.name) == ("constant", "x")
    assert slope.low < 2 < slope.high
    assert 0.05 < slope.missing_information < 0.8
    (mean,) = done.pool_means(["x"])
    assert mean.low < 0 < mean.high
    (same,) = done.pool(lambda table: {"x": (table["x"].mean(), table["x"].var() / 400)}, complete_degrees=399)
    assert (same.estimate, same.low, same.high) == pytest.approx((mean.estimate, mean.low, mean.high))


def test_intervals_of_cells_cover_what_was_hidden() -> None:
    rng = np.random.default_rng(0)
    full = lines(300, share=0.0)
    frame = full.copy()
    frame.loc[rng.random(300) < 0.5, "x"] = None
    done = sp.impute(frame, method="normal", aim="inference", draws=19, seed=0)
    cells = done.intervals()
    assert len(cells) == frame["x"].isna().sum()
    truth = full.loc[cells["row"], "x"].to_numpy()
    inside = (cells["low"].to_numpy(dtype=float) <= truth) & (truth <= cells["high"].to_numpy(dtype=float))
    assert abs(inside.mean() - 0.9) < 3 * np.sqrt(0.09 / len(cells))
    with pytest.raises(SettingError, match="need 39 draws"):
        done.intervals(0.95)


def test_intervals_of_categories_are_shares_of_draws() -> None:
    frame = lines(60)
    done = sp.impute(frame, method="matching", aim="inference", draws=19)
    cells = done.intervals()
    sides = cells[cells["column"] == "side"]
    assert sides["low"].isna().all()
    assert sides["share"].between(1 / 19, 1).all()
    assert set(sides["value"]) <= {"left", "right"}


def test_intervals_of_dates_go_by_time_not_by_text() -> None:
    days = pandas.Timestamp("2020-01-01") + pandas.to_timedelta(np.random.default_rng(0).integers(0, 900, 60), unit="D")
    frame = pandas.DataFrame({"since": days.strftime("%d.%m.%Y"), "x": np.arange(60.0)})
    frame.loc[::4, "since"] = None
    cells = sp.impute(frame, method="matching", aim="inference", draws=19).intervals()
    low, value, high = (pandas.to_datetime(cells[name], format="%d.%m.%Y") for name in ("low", "value", "high"))
    assert ((low <= value) & (value <= high)).all()


def test_a_long_table_numbers_the_completed_ones() -> None:
    frame = lines(40)
    done = sp.impute(frame, method="matching", draws=3)
    assert done.long[NUMBER].tolist() == [1] * 40 + [2] * 40 + [3] * 40
    assert done.long.columns.tolist() == [NUMBER, "x", "y", "side"]
    with pytest.raises(DataError, match="rename it"):
        _ = sp.impute(frame.rename(columns={"x": NUMBER}), method="matching", draws=2).long


def test_best_guesses_are_not_pooled() -> None:
    with pytest.raises(DataError, match="differ as much"):
        sp.impute(lines(40), method="mean").pool_means(["x"])


def test_a_table_without_missing_cells_stays_the_same() -> None:
    frame = lines(40, share=0.0)
    done = sp.impute(frame, method="trees", options={"trees": 3})
    assert done.frame.equals(frame)
    assert done.filled == {}


def test_columns_that_cannot_be_filled_are_named() -> None:
    frame = lines(40).assign(nothing=np.nan, code=[f"A{k:02}" for k in range(40)])
    frame.loc[0, "code"] = None
    done = sp.impute(frame, method="mean")
    assert set(done.left) == {"nothing", "code"}
    assert done.frame[["x", "y", "side"]].notna().all().all()


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ({"a": [1.0, 2.0]}, {"method": "forest"}, "there is no method"),
        ({"a": [1.0, 2.0]}, {"aim": "sport"}, "prediction or inference"),
        ({"a": [1.0, 2.0], "b": [1.0]}, {}, "do not make a table"),
        ({}, {}, "no columns"),
        ("nowhere.csv", {}, "nowhere.csv"),
        ({"a": [1.0, None]}, {"method": "trees", "draws": 4}, "best guesses"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(source: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises((SettingError, DataError), match=said):
        sp.impute(source, **options)


def test_one_row_and_one_column() -> None:
    assert sp.impute({"a": [1.0], "b": ["x"]}).frame.iloc[0].tolist() == [1.0, "x"]
    assert sp.impute({"a": [1.0, None, 3.0]}).frame["a"].tolist() == [1, 2, 3]
    done = sp.impute({"a": [None, None]})
    assert done.left == {"a": "it has no observed value to learn from"}
