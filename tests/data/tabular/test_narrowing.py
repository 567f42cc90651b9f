"""A model that is fitted to some rows of a table knows no value that occurs in the others alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from saddlepoint.data.tabular.codec import TableCodec  # noqa: E402
from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.narrowing import narrow_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from tests.data.tabular.frames import frames  # noqa: E402


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(source=frames(), data=st.data())
def test_a_value_of_other_rows_alone_is_in_no_fitted_schema_and_is_never_drawn(
    source: Any, data: st.DataObject
) -> None:
    frame = read_frame(source)
    schema = infer_schema(frame)
    part = frame.head(data.draw(st.integers(1, len(frame))))
    narrowed = narrow_schema(schema, part)
    assert narrowed.names == schema.names
    for column in narrowed.columns:
        given_cells = part[column.name].dropna()
        assert set(column.categories) <= set(given_cells.astype(object))
        if column.is_learnt:
            assert column.missing == pytest.approx(part[column.name].isna().mean())
        if column.kind in ("integer", "continuous", "identifier") and not str(given_cells.dtype).startswith("time"):
            assert column.low is None or column.low == given_cells.min()
            assert column.high is None or column.high == given_cells.max()
    if not narrowed.learnt:
        return
    codec = TableCodec(narrowed).fit(part)
    drawn = codec.decode(np.random.default_rng(0).normal(scale=100, size=(30, codec.width)))
    for column in narrowed.learnt:
        cells, real = drawn[column.name].dropna(), part[column.name].dropna()
        if column.has_categories:
            assert set(cells.astype(object)) <= set(real.astype(object))
        elif str(real.dtype) not in ("str", "object", "string") and len(cells):
            assert real.min() <= cells.min()
            assert cells.max() <= real.max()


def test_what_belongs_to_the_table_stays() -> None:
    """Kinds, types, formats, decimals and the order of categories are facts of the table, and the target keeps its classes."""
    n = 40
    table = {
        "id": np.arange(100, 100 + n),
        "price": np.r_[np.full(n - 1, 2.5), 9.75],
        "day": ["2020-01-05"] * (n - 1) + ["2024-12-31"],
        "size": pd.Categorical(["L"] * (n - 2) + ["S", "M"], ["S", "M", "L"], ordered=True),
        "rare": [None] * (n - 1) + [1.5],
        "label": ["no"] * (n - 1) + ["yes"],
    }
    frame = read_frame(pd.DataFrame(table))
    schema = infer_schema(frame).model_copy(update={"target": "label", "constraints": ("price <= 10",)})
    narrowed = narrow_schema(schema, frame.iloc[[*range(10, 20), n - 2]])
    assert [column.kind for column in narrowed.columns] == [
        "constant" if column.name == "rare" else column.kind for column in schema.columns
    ]
    assert narrowed.column("size").categories == ("S", "L")
    assert narrowed.column("label") == schema.column("label")
    assert narrowed.column("price").decimals == schema.column("price").decimals == 2
    assert narrowed.column("day").format == schema.column("day").format == "%Y-%m-%d"
    assert (narrowed.column("id").low, narrowed.column("id").high) == (110, 138)
    assert (narrowed.target, narrowed.constraints) == (schema.target, schema.constraints)
    assert narrow_schema(schema, frame).model_dump(exclude={"columns": {"__all__": {"reason"}}}) == schema.model_dump(
        exclude={"columns": {"__all__": {"reason"}}}
    )
