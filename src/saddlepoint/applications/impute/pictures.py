"""What the page of an imputation shows: patterns of missing cells, and filled beside observed values of each column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saddlepoint.evaluation.tables.pictures import PictureColumn, picture_columns
from saddlepoint.figures.missing import Patterns

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.data.tabular.schema import Schema

MOST_DRAWS = 20  # completed tables whose filled cells are drawn together
SHOWN = 12  # patterns


def missing_patterns(frame: pd.DataFrame) -> Patterns:
    """The most frequent combinations of missing columns, and how many rows have each.

    Args:
        frame: with missing cells.
    """
    missing = frame.isna().to_numpy(dtype=bool)
    columns: NDArray[np.int64] = np.flatnonzero(missing.any(0))
    found, counts = np.unique(missing[:, columns], axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:SHOWN]
    names = tuple(str(frame.columns[int(column)]) for column in columns.tolist())
    shares = missing[:, columns].mean(0)
    return Patterns(names, shares, found[order], counts[order], len(frame), len(counts))


def filled_columns(
    source: pd.DataFrame, tables: Sequence[pd.DataFrame], names: Iterable[str], schema: Schema
) -> tuple[PictureColumn, ...]:
    """Of columns with filled cells: their observed values, and the filled ones of all completed tables.

    Args:
        source: with missing cells.
        tables: the completed ones.
        names: of the columns.
        schema: of the table.
    """
    import pandas as pd

    columns: list[PictureColumn] = []
    for name in names:
        rows = source[name].isna().to_numpy()
        filled = pd.concat([table.loc[rows, [name]] for table in tables[:MOST_DRAWS]], ignore_index=True)
        columns += picture_columns(source.loc[~rows, [name]], filled, schema)
    return tuple(columns)
