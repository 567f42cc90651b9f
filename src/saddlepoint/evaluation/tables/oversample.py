"""SMOTE and SMOTE-NC: new rows between neighbouring rows of the same class, the usual remedy for rare classes and a strong simple baseline.

A new row lies on the segment between a row and one of its nearest neighbours of the same class. Of columns of categories it has the most
frequent category among the neighbours (SMOTE-NC); two rows that differ in a category are as far apart in it as the median standard deviation
of the numbers. New rows are nearly copies of real ones: they score well and do not protect the data of anybody.

References:
    SMOTE: Synthetic Minority Over-sampling Technique (Nitesh V. Chawla, Kevin W. Bowyer, Lawrence O. Hall, W. Philip Kegelmeyer, 2002),
    https://doi.org/10.1613/jair.953
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.data.tabular.packages import import_package
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.data.tabular.values import constant, from_arrays
from saddlepoint.errors import DataError, shortened
from saddlepoint.evaluation.tables.cells import Floats, column_values
from saddlepoint.evaluation.tables.features import TableFeatures

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOURS = 5
KEY = "smote"  # in the attributes of a frame: sentences on what was repeated


def smote(
    frame: pd.DataFrame,
    schema: Schema,
    target: str | None,
    counts: Mapping[Any, int] | int,
    rng: np.random.Generator,
    *,
    neighbours: int = NEIGHBOURS,
) -> pd.DataFrame:
    """Draw new rows between rows of the same class.

    Args:
        frame: real rows.
        schema: of the frame. Identifiers are numbered again, text is left out.
        target: name of the column of categories that is the class; None takes all rows as one class.
        counts: how many new rows of each class; of one class in all (`target` None) a number.
        rng: source of randomness.
        neighbours: of which one is the segment's other end.

    Returns:
        The new rows alone, class by class in the order of `counts`. Classes with a single row are repeated, and `attrs["smote"]` says so.

    Raises:
        DataError: a class has no rows.
    """
    pandas = import_package("pandas")
    columns = schema.learnt
    values = {column.name: column_values(frame, column) for column in columns}
    wanted: Mapping[Any, int] = counts if isinstance(counts, Mapping) else {None: counts}
    drawn: list[dict[str, Floats]] = []
    notes = []
    for label, count in wanted.items():
        rows = _rows_of(frame, values, schema, target, label)
        if len(rows) == 1 and count:
            notes.append(f"{shortened(str(label))}: has a single row, which is repeated.")
        if count:
            drawn.append(
                _between(
                    {name: some[rows] for name, some in values.items()},
                    frame.iloc[rows],
                    schema,
                    count,
                    rng,
                    neighbours,
                )
            )
    together = {name: np.concatenate([part[name] for part in drawn] or [np.empty(0)]) for name in values}
    total = sum(wanted.values())
    result: pd.DataFrame = pandas.DataFrame(
        {column.name: _cells(column, together, total) for column in schema.columns if column.kind != "text"}
    )
    result.attrs[KEY] = tuple(notes)
    return result


def _rows_of(
    frame: pd.DataFrame, values: Mapping[str, Floats], schema: Schema, target: str | None, label: Any
) -> npt.NDArray[np.int64]:
    if target is None:
        rows = np.arange(len(frame))
    else:
        categories = schema.column(target).categories
        position = categories.index(label) if label in categories else -1
        rows = np.flatnonzero(values[target] == position)
    if not len(rows):
        raise DataError(f"SMOTE needs a row of the class {shortened(str(label))!r}, and there is none.")
    return rows


def _between(
    values: Mapping[str, Floats], rows: pd.DataFrame, schema: Schema, n: int, rng: np.random.Generator, neighbours: int
) -> dict[str, Floats]:
    """n new rows between the rows (N) of one class, as values (n,) of each column."""
    first = rng.integers(len(rows), size=n)
    if len(rows) == 1:
        return {name: some[first] for name, some in values.items()}
    near = _nearest(rows, schema, min(neighbours, len(rows) - 1))
    second = near[first, rng.integers(near.shape[1], size=n)]
    share = rng.random(n)
    new = {}
    for column in schema.learnt:
        some = values[column.name]
        if column.has_categories:
            new[column.name] = _most_frequent(some[near[first]])
        else:
            ends = some[first], some[second]
            new[column.name] = np.where(np.isnan(ends[1]), ends[0], ends[0] + share * (ends[1] - ends[0]))
    return new


def _nearest(rows: pd.DataFrame, schema: Schema, k: int) -> npt.NDArray[np.int64]:
    """(N, k) positions of the nearest other rows."""
    import torch

    from saddlepoint.evaluation.metrics.neighbours import nearest

    # Numbers have a standard deviation of 1 within the class, which is thus their median; the squared distance of two indicators is 2.
    try:
        x = TableFeatures(rows, schema, indicator=0.5**0.5).encode(rows)
    except DataError:  # equal rows: all are at distance 0
        x = np.zeros((len(rows), 1))
    return np.asarray(nearest(torch.from_numpy(x), torch.from_numpy(x), k=k, within=True)[1].numpy(), np.int64)


def _most_frequent(codes: Floats) -> Floats:
    """The most frequent of the codes (n, k) in each row, the smallest of equally frequent ones; missing counts as a category."""
    plain = np.nan_to_num(codes, nan=-1.0)
    counts = (plain[:, :, None] == plain[:, None, :]).sum(2)
    order = np.lexsort((plain, -counts), axis=1)[:, :1]
    best = np.take_along_axis(plain, order, 1)[:, 0]
    return np.where(best < 0, np.nan, best)


def _cells(column: Column, values: Mapping[str, Floats], n: int) -> Any:
    if column.kind == "constant":
        return constant(column, n)
    if column.kind == "identifier":
        return TableCodec.identifiers(column, 0, n)
    some = values[column.name]
    missing = np.isnan(some)
    whole = column.has_categories or column.kind in ("integer", "datetime")
    plain = np.rint(np.where(missing, 0, some)).astype(np.int64) if whole else some
    return from_arrays(plain, missing, column)
