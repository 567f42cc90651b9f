"""SMOTE: new rows lie between neighbours of one class, counts are exact, categories come from neighbours, types stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.errors import DataError
from saddlepoint.evaluation.tables.oversample import KEY, smote
from tests.evaluation.tables.tables import make_table


def test_new_rows_lie_on_segments_between_near_rows_of_their_class() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["x", "y"]).assign(label=["a", "b", "c"] * 20)
    new = smote(frame, infer_schema(frame), "label", {"a": 40, "c": 7}, rng, neighbours=5)
    assert new["label"].value_counts().to_dict() == {"a": 40, "c": 7}
    for label, some in new.groupby("label"):
        real = frame[frame["label"] == label][["x", "y"]].to_numpy()
        for point in some[["x", "y"]].to_numpy():
            # On a segment: the two distances to its ends add up to its length.
            ends = np.linalg.norm(real - point, axis=1)
            detour = ends[:, None] + ends - np.linalg.norm(real[:, None] - real, axis=2)
            np.fill_diagonal(detour, ends)
            assert detour.min() < 1e-9


def test_types_ranges_categories_and_missing_cells() -> None:
    frame = make_table(120)
    schema = infer_schema(frame)
    new = smote(frame, schema, "sex", {"F": 50, "M": 50}, np.random.default_rng(0))
    assert list(new.columns) == list(frame.columns)
    assert (new.dtypes == frame.dtypes).all()
    assert set(new["city"].dropna()) <= set(frame["city"].dropna())
    assert 0 < new["income"].isna().mean() < 0.4
    assert (new["income"].dropna() == new["income"].dropna().round(2)).all()
    same = smote(frame, schema, "sex", {"F": 50, "M": 50}, np.random.default_rng(0))
    pd.testing.assert_frame_equal(new, same)
    assert len(smote(frame, schema, None, 30, np.random.default_rng(0))) == 30


def test_a_class_of_one_row_is_repeated_and_said() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "label": ["a", "a", "b"]})
    new = smote(frame, infer_schema(frame), "label", {"b": 2, "a": 0}, np.random.default_rng(0))
    assert new["x"].tolist() == [3.0, 3.0]
    assert new.attrs[KEY] == ("b: has a single row, which is repeated.",)
    with pytest.raises(DataError, match="class 'c'"):
        smote(frame, infer_schema(frame), "label", {"c": 1}, np.random.default_rng(0))
