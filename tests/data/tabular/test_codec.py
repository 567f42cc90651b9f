"""Round trips of tables, and what limits memory and keeps rare categories."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any, get_args

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from hypothesis import example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from saddlepoint.data.tabular.codec import Encoding, TableCodec  # noqa: E402
from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from saddlepoint.errors import DataError, SettingError  # noqa: E402
from tests.data.tabular.frames import frames  # noqa: E402

ENCODINGS = get_args(Encoding)


def fitted(source: Any, encoding: Encoding = "scores") -> tuple[TableCodec, Any]:
    frame = read_frame(source)
    return TableCodec(infer_schema(frame), encoding).fit(frame), frame


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=25, deadline=None)
@example(source=pd.DataFrame({"x": [1, 2], "constant": pd.to_timedelta([3, 3], unit="s")}), noise=0)
@given(source=frames(), noise=st.integers(0, 5))
def test_round_trip(encoding: Encoding, source: Any, noise: int) -> None:
    frame = read_frame(source)
    schema = infer_schema(frame)
    if not schema.learnt:
        with pytest.raises(DataError, match="no column can be learnt"):
            TableCodec(schema, encoding)
        return
    codec = TableCodec.from_json(json.loads(json.dumps(TableCodec(schema, encoding).fit(frame).to_json())))
    x = codec.encode(frame, np.random.default_rng(noise))
    assert x.dtype == np.float32
    assert np.isfinite(x).all()
    again = codec.decode(x)
    assert list(again) == [column.name for column in schema.columns if column.kind != "text"]
    for name in again:
        assert again[name].dtype == frame[name].dtype
        if schema.column(name).kind != "identifier":
            pd.testing.assert_series_equal(again[name], frame[name], check_exact=True)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=15, deadline=None)
@given(source=frames(), seed=st.integers(0, 5))
def test_any_vector_is_a_row_of_the_schema(encoding: Encoding, source: Any, seed: int) -> None:
    frame = read_frame(source)
    schema = infer_schema(frame)
    if not schema.learnt:
        return
    codec = TableCodec(schema, encoding).fit(frame)
    drawn = codec.decode(np.random.default_rng(seed).normal(scale=100, size=(50, codec.width)))
    codec.encode(drawn)  # which refuses cells that the schema does not allow
    for column in schema.learnt:
        if column.low is not None and column.kind in ("integer", "continuous") and drawn[column.name].notna().any():
            assert drawn[column.name].min() >= frame[column.name].min()
            assert drawn[column.name].max() <= frame[column.name].max()


@pytest.mark.parametrize("encoding", ["scores", "copula"])
def test_numbers_become_standard_normal_however_skewed(encoding: Encoding) -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random(5000) < 0.3, 0.0, rng.lognormal(sigma=2, size=5000))
    codec, frame = fitted({"x": x}, encoding)
    scores = codec.encode(frame)
    assert abs(scores.mean()) < 0.02
    assert abs(scores.std() - 1) < 0.02
    drawn = codec.decode(rng.normal(size=(5000, 1)))["x"]
    assert abs((drawn == 0).mean() - 0.3) < 5 * np.sqrt(0.21 / 5000)


def test_between_the_stored_values_numbers_are_interpolated() -> None:
    codec, _ = fitted({"x": np.arange(100) + 0.5, "n": [0, 10] * 50, "m": np.arange(100) * 5})
    drawn = codec.decode(np.random.default_rng(0).normal(size=(2000, codec.width)))
    assert drawn["x"].nunique() > 100
    assert set(drawn["n"]) == {0, 10}
    assert (drawn["m"] % 5 == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ten_thousand_categories_take_one_or_two_columns_and_little_memory(encoding: Encoding) -> None:
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.arange(10_000), rng.zipf(1.3, 20_000) % 10_000])
    source = pd.DataFrame(
        {"item": pd.Categorical([f"item {n}" for n in codes]), "x": codes % 7 + rng.normal(size=30_000)}
    )
    tracemalloc.start()
    codec, frame = fitted(source, encoding)
    x = codec.encode(frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert codec.width <= 3
    assert peak < 100e6
    assert (codec.decode(x)["item"] == frame["item"]).all()  # the rarest included


def test_many_categories_are_ordered_by_what_goes_with_them() -> None:
    rng = np.random.default_rng(0)
    group = rng.permutation(100) % 2  # the group of each category
    codes = rng.integers(0, 100, 5000)
    codec, frame = fitted({"c": [f"c{n:02}" for n in codes], "x": 4.0 * group[codes] + rng.normal(size=5000)})
    score = codec.encode(frame)[:, 0]
    assert abs(np.corrcoef(score, group[codes])[0, 1]) > 0.7


def test_identifiers_continue_and_text_is_left_out() -> None:
    source = {
        "id": range(7, 37),
        "key": [f"k{n}" for n in range(30)],
        "x": np.arange(30) % 5,
        "said": [f"some words of {n}" for n in range(30)],
    }
    codec, _ = fitted(source)
    drawn = codec.decode(np.zeros((3, codec.width)), first=2)
    assert list(drawn) == ["id", "key", "x"]
    assert drawn["id"].tolist() == [9, 10, 11]
    assert not set(drawn["key"]) & set(source["key"])


def test_cells_outside_the_schema_are_refused_with_column_and_row() -> None:
    codec, frame = fitted({"colour": ["red", "green"] * 10, "x": np.arange(20.0) ** 2})
    for changed, said in (
        ({"colour": ["grene"] * 20}, r"column colour, row 1: 'grene'.*Did you mean \"green\""),
        ({"x": [None] * 20}, "column x, row 1: the cell is missing"),
        ({"x": ["far"] * 20}, "column x: holds cells that are not"),
    ):
        with pytest.raises(DataError, match=said):
            codec.encode(frame.assign(**changed))
    with pytest.raises(DataError, match="no column 'x'"):
        codec.encode(frame[["colour"]])
    with pytest.raises(DataError, match=r"\(N, 2\)"):
        codec.decode(np.zeros((2, 5)))


def test_wrong_use_is_refused() -> None:
    codec, frame = fitted({"x": np.arange(20)[::-1] ** 2})
    with pytest.raises(SettingError, match="one of scores, copula, levels"):
        TableCodec(codec.schema, "bytes")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="not fitted"):
        TableCodec(codec.schema).encode(frame)
    damaged = codec.to_json()
    del damaged["transforms"]["x"]
    with pytest.raises(DataError, match="damaged"):
        TableCodec.from_json(damaged)
