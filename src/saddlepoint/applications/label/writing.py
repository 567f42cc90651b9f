"""Write what was labelled: a table with its column filled in, or the classes and probabilities of examples.

What was labelled is a `labelled.Labelled`, whose `frame` is made here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.data.missing_labels import MISSING
from saddlepoint.errors import RunError
from saddlepoint.records import replaced

if TYPE_CHECKING:
    import pandas as pd

DECIMALS = 6  # of probabilities


def frame_of(done: Any) -> pd.DataFrame:
    """The rows of a table with filled labels; of other examples, one row each with name or position, label and probabilities."""
    if done.examples.table is not None:
        return _table(done)
    from saddlepoint.data.tabular.packages import import_package

    frame: pd.DataFrame = import_package("pandas").DataFrame(columns_of(done))
    return frame


def columns_of(done: Any) -> dict[str, Any]:
    """Columns by name: index or name, label, in an experiment the predicted label, its probability, and that of each class."""
    identities = done.examples.identities
    head = {"index": np.arange(len(done.examples))} if identities is None else {"name": list(identities)}
    more = {} if done.per_class is None else {"predicted": [done.names[code] for code in done.predicted]}
    each = {f"probability of {name}": done.probabilities[:, k].round(DECIMALS) for k, name in enumerate(done.names)}
    return {**head, "label": done.labels, **more, "probability": done.confidence.round(DECIMALS), **each}


def write_labelled(done: Any, path: Path, *, overwrite: bool) -> None:
    """Write a file whose ending says how: a table, or `.npz` with the columns as arrays.

    Args:
        done: what is written.
        path: of the file.
        overwrite: replace an existing file.

    Raises:
        RunError: the file exists.
    """
    if path.suffix.lower() != ".npz":
        from saddlepoint.data.tabular.writing import write_frame

        table = done.examples.table
        write_frame(frame_of(done), path, None if table is None else table.schema, overwrite=overwrite)
        return
    if path.exists() and not overwrite:
        raise RunError(f"{path} exists: name another file, or replace it.")
    arrays = {
        "label": np.array(done.labels),
        "predicted": done.predicted,
        "probabilities": done.probabilities,
        "known": done.visible != MISSING,
        "classes": np.array(done.names),
    }
    if done.examples.identities is not None:
        arrays["name"] = np.array(done.examples.identities)
    with replaced(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def _table(done: Any) -> pd.DataFrame:
    table = done.examples.table
    assert table is not None
    from saddlepoint.data.tabular.packages import import_package

    pandas = import_package("pandas")
    name, values = table.target.name, table.target.categories
    frame: pd.DataFrame = table.frame.copy()
    guessed = pandas.Series([values[code] for code in done.predicted], index=frame.index)
    if done.per_class is not None:
        frame[_free(frame, f"{name} predicted")] = guessed
    else:
        cells = frame[name]
        filled = cells.astype(object).where(cells.notna(), guessed)
        frame[name] = filled.astype(cells.dtype) if _takes(cells.dtype, values) else filled.infer_objects()
    frame[_free(frame, f"{name} probability")] = done.confidence.round(DECIMALS)
    return frame


def _takes(dtype: Any, values: tuple[Any, ...]) -> bool:
    """Whether a column's type can hold these values."""
    import pandas as pd

    try:
        return list(pd.Series(list(values)).astype(dtype)) == list(values)
    except (ValueError, TypeError):
        return False


def _free(frame: pd.DataFrame, name: str) -> str:
    """The name, with a number behind it where the table has such a column."""
    taken, number = name, 1
    while taken in frame.columns:
        number += 1
        taken = f"{name} {number}"
    return taken
