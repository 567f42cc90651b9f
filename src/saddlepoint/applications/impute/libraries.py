"""Frames of any library as frames of pandas, and completed ones back in the library that they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def to_pandas(table: Any) -> pd.DataFrame | None:
    """A data frame of any library or a record array as a frame of pandas, with rows numbered from 0; None for other arrays and lists."""
    from saddlepoint.data.tabular.reading import is_table, read_frame

    return read_frame(table) if is_table(table) else None


def to_library(original: Any, frame: pd.DataFrame) -> Any:
    """Return a frame of pandas in the form of another table.

    Args:
        original: gives the library, and for pandas the index and the names of the columns. Of an array comes an array.
        frame: (N, D), with the rows of `original`.
    """
    if type(original).__module__.partition(".")[0] == "pandas":
        names = dict(zip(map(str, original.columns), original.columns, strict=True))
        return frame.set_axis(original.index, axis=0).rename(columns=names)
    if isinstance(original, np.ndarray | list | tuple):
        is_plain = not (isinstance(original, np.ndarray) and original.dtype.names)
        return frame.to_numpy() if is_plain else frame.to_records(index=False)
    from saddlepoint.data.tabular.packages import import_package

    narwhals, pyarrow = import_package("narwhals"), import_package("pyarrow")
    backend = narwhals.from_native(original).implementation
    table = pyarrow.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return narwhals.from_arrow(table, backend=backend).to_native()
