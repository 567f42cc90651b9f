"""Random splits of the rows of a table into a part to train on and a part to compare with, the same for all candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.schema import Schema
from saddlepoint.data.tabular.values import to_arrays

if TYPE_CHECKING:
    import pandas as pd

SHARE = 0.2  # of the rows that is held out
MOST_TRAINED, MOST_HELD_OUT = 2_000, 500  # rows of a split


@dataclass(frozen=True)
class Split:
    """The rows of a split.

    Attributes:
        number: from 0; also the seed of what is trained on the split.
        trained: rows to train on, in random order.
        held_out: rows to compare with, in random order.
    """

    number: int
    trained: pd.DataFrame
    held_out: pd.DataFrame


def split_rows(frame: pd.DataFrame, schema: Schema, number: int, seed: int) -> Split:
    """Split the rows of a table at random; each category of the target has the same share in both parts, as far as it can.

    Args:
        frame: at least two rows.
        schema: of the table.
        number: of the split.
        seed: of the contest.
    """
    rng = np.random.default_rng((seed, number))
    order = rng.permutation(len(frame))
    if schema.target is not None:
        order = _spread_classes(order, frame, schema)
    held = np.zeros(len(frame), bool)
    # Every fifth row of an order by classes.
    held[order[int(rng.integers(round(1 / SHARE))) % len(frame) :: round(1 / SHARE)]] = True
    trained, held_out = rng.permutation(np.flatnonzero(~held)), rng.permutation(np.flatnonzero(held))
    return Split(
        number,
        frame.iloc[trained[:MOST_TRAINED]].reset_index(drop=True),
        frame.iloc[held_out[:MOST_HELD_OUT]].reset_index(drop=True),
    )


def _spread_classes(order: npt.NDArray[np.int64], frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.int64]:
    """The positions sorted by the target, in their order within each of its categories."""
    assert schema.target is not None
    column = schema.column(schema.target)
    values, missing = to_arrays(frame[column.name], column)
    codes = np.where(missing, len(column.categories), values)
    return order[np.argsort(codes[order], kind="stable")]
