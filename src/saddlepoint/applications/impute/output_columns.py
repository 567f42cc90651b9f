"""The columns of a completed table: without those that were empty, if they are to be dropped, and with indicators of missing cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.method import Mask

INDICATOR = "missingindicator_"  # begins the names of indicator columns, as in scikit-learn


@dataclass(frozen=True)
class OutputColumns:
    """Which columns an imputer returns.

    Attributes:
        empty: (D,) columns without any observed value when fitted.
        indicated: columns that had missing cells when fitted.
        keep_empty: whether empty columns are returned.
        add_indicator: whether indicators are appended.
    """

    empty: Mask
    indicated: npt.NDArray[np.int64]
    keep_empty: bool
    add_indicator: bool

    def names(self, names: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Names of the returned columns, for names (D,) of the fitted ones."""
        kept = names if self.keep_empty else names[~self.empty]
        if not self.add_indicator:
            return np.asarray(kept, dtype=object)
        return np.asarray([*kept, *(f"{INDICATOR}{names[column]}" for column in self.indicated)], dtype=object)

    def of_array(self, table: npt.NDArray[Any], lacking: Mask) -> npt.NDArray[Any]:
        """The returned columns of a completed array (N, D) whose cells `lacking` (N, D) were missing."""
        kept = table if self.keep_empty else table[:, ~self.empty]
        return np.concatenate([kept, lacking[:, self.indicated]], 1) if self.add_indicator else kept

    def of_frame(self, table: Any, lacking: Mask) -> Any:
        """The same of a completed frame of pandas."""
        names = list(table.columns)
        if not self.keep_empty:
            table = table.drop(columns=[names[column] for column in np.flatnonzero(self.empty)])
        if self.add_indicator:
            for column in self.indicated:
                table[f"{INDICATOR}{names[column]}"] = lacking[:, column]
        return table
