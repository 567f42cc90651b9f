"""What filling in a table gives: completed tables, who chose the method and why, what stayed missing, and pooled answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.applications.impute.analyses import pool_means, pool_regression
from saddlepoint.applications.impute.holding_out import Contest
from saddlepoint.applications.impute.pooling import Analysis, Pooled, pool_analysis
from saddlepoint.applications.impute.settings import METHODS
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.errors import DataError, SettingError

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.9  # of intervals of cells
NUMBER = "imputation"  # column of a long table: the number of the completed table, from 1


@dataclass(frozen=True)
class Imputed:
    """Completed tables.

    Attributes:
        source: the table with its missing cells.
        tables: the completed ones.
        schema: of the table.
        method: name of the method.
        aim: "prediction" or "inference".
        contest: that chose the method, or None.
        note: a sentence on the choice.
        left: why cells are still missing, by the names of their columns.
    """

    source: pd.DataFrame = field(repr=False)
    tables: tuple[pd.DataFrame, ...] = field(repr=False)
    schema: Schema = field(repr=False)
    method: str
    aim: str
    contest: Contest | None = field(repr=False)
    note: str
    left: dict[str, str]

    @property
    def frame(self) -> pd.DataFrame:
        """The first completed table."""
        return self.tables[0]

    @property
    def headline(self) -> str:
        """What was done, in at most twelve words."""
        cells, missing = sum(self.filled.values()), int(self.source.isna().to_numpy().sum())
        if not missing:
            return "No cell is missing"
        if not cells:
            return f"None of {missing:,} missing cells could be filled"
        of = f"{cells:,}" if cells == missing else f"{cells:,} of {missing:,}"
        chosen = "" if self.contest is None else f", chosen among {len(self.contest.scores)} methods"
        return f"{of} missing cells filled by {self.method}{chosen}"

    @cached_property
    def filled(self) -> dict[str, int]:
        """Number of filled cells by column, where there are any."""
        counts = self.source.isna().sum() - self.frame.isna().sum()
        return {str(name): int(count) for name, count in counts.items() if count > 0}

    @property
    def long(self) -> pd.DataFrame:
        """All completed tables below each other, with a first column that numbers them; of a single one the table itself.

        Raises:
            DataError: the table has a column of that name already.
        """
        import pandas as pd

        if len(self.tables) == 1:
            return self.frame
        check_numbering(self.frame)
        numbered = []
        for number, table in enumerate(self.tables, 1):
            one = table.copy()
            one.insert(0, NUMBER, number)
            numbered.append(one)
        return pd.concat(numbered, ignore_index=True)

    def intervals(self, level: float = LEVEL) -> pd.DataFrame:
        """An interval for each filled cell, from the quantiles of its draws.

        A new draw lies within the interval with this probability. The value itself does so as far as the method is right.

        Args:
            level: probability, between 0 and 1; 0.9 needs 19 draws, since the ends are quantiles k / (m + 1).

        Returns:
            A row a cell: `row` (from 0), `column`, `value` (median, or the most frequent category), `low` and `high` of numbers
            and dates, and `share`, the share of the draws that equal `value`.

        Raises:
            SettingError: there are too few draws for this level.
        """
        import pandas as pd

        needed = least_draws(level)
        if len(self.tables) < needed:
            raise SettingError(
                f"impute: intervals of {100 * level:g} % need {needed} draws, and there are {len(self.tables)}; ask for draws={needed}."
            )
        cells: dict[str, list[Any]] = {name: [] for name in ("row", "column", "value", "low", "high", "share")}
        for column in self.schema.columns:
            places = np.flatnonzero(
                self.source[column.name].isna().to_numpy() & ~self.frame[column.name].isna().to_numpy()
            )
            if not len(places) or not column.is_learnt:
                continue
            found = _cells([table[column.name].iloc[places] for table in self.tables], column, level)
            cells["row"] += places.tolist()
            cells["column"] += [column.name] * len(places)
            for name, values in found.items():
                cells[name] += values
        return pd.DataFrame(cells)

    def pool(self, analysis: Analysis, *, complete_degrees: float = np.inf, level: float = 0.95) -> tuple[Pooled, ...]:
        """Pool a function of each completed table by Rubin's rules.

        Args:
            analysis: returns {name: (estimate, squared standard error)} of a table.
            complete_degrees: degrees of freedom if nothing was missing, such as rows less coefficients.
            level: probability of the intervals.

        Raises:
            DataError: there is a single table, or it holds a best guess.
        """
        self._check_draws()
        return pool_analysis(self.tables, analysis, complete_degrees=complete_degrees, level=level)

    def pool_means(self, columns: Sequence[str], *, level: float = 0.95) -> tuple[Pooled, ...]:
        """Pool the means of columns of numbers; arguments and errors as those of `pool`.

        Args:
            columns: their names.
            level: probability of the intervals.
        """
        self._check_draws()
        return pool_means(self.tables, columns, level=level)

    def pool_regression(self, target: str, predictors: Sequence[str], *, level: float = 0.95) -> tuple[Pooled, ...]:
        """Pool the coefficients of a linear regression; errors as those of `pool`.

        Args:
            target: column that is explained.
            predictors: other columns; categories become indicators, without the first.
            level: probability of the intervals.
        """
        self._check_draws()
        return pool_regression(self.tables, target, predictors, level=level)

    def to_json(self) -> dict[str, Any]:
        """What was done, as JSON values, without the tables."""
        return {
            "headline": self.headline,
            "rows": len(self.source),
            "columns": len(self.source.columns),
            "missing": int(self.source.isna().to_numpy().sum()),
            "filled": self.filled,
            "left": self.left,
            "method": self.method,
            "aim": self.aim,
            "draws": len(self.tables),
            "note": self.note,
            "contest": None if self.contest is None else self.contest.to_json(),
        }

    def write_page(self, path: str | Path) -> Path:
        """Write a page: what was missing where, the contest of methods, and filled beside observed values of each column.

        Args:
            path: of an HTML file, which is replaced if it exists.

        Returns:
            The path.
        """
        from saddlepoint.applications.impute.pictures import filled_columns, missing_patterns
        from saddlepoint.report.imputation import write_imputation_page

        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = filled_columns(self.source, self.tables, self.filled, self.schema)
        return write_imputation_page(self.to_json(), missing_patterns(self.source), columns, path)

    def _check_draws(self) -> None:
        if len(self.tables) < 2 or (self.method in METHODS and not METHODS[self.method].draws):
            raise DataError(
                "impute: pooling needs several completed tables that differ as much as the missing cells are uncertain; "
                'use aim="inference" and draws=20.'
            )


def check_numbering(frame: pd.DataFrame) -> None:
    """Raise DataError if the table has a column of the name of that which numbers completed tables."""
    if NUMBER in frame.columns:
        raise DataError(
            f"impute: the table has a column {NUMBER!r}, which is to number the completed tables; rename it."
        )


def least_draws(level: float) -> int:
    """Number of draws that intervals of cells need, since their ends are quantiles k / (draws + 1).

    Args:
        level: probability of the intervals, between 0 and 1.

    Raises:
        SettingError: the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise SettingError(f"impute: the level of intervals is between 0 and 1, got {level}.")
    return int(np.ceil(2 / (1 - level) - 1 - 1e-9))


def _cells(drawn: Sequence[Any], column: Column, level: float) -> dict[str, list[Any]]:
    """Values, ends and shares of the cells of a column, of which each of m draws has (n,); categories have no ends."""
    from scipy import stats

    from saddlepoint.data.tabular.values import from_arrays, to_arrays

    codes = np.stack([to_arrays(one, column)[0] for one in drawn])
    m, n = codes.shape

    def restored(values: Any) -> list[Any]:
        restored_values: list[Any] = from_arrays(values, np.zeros(n, dtype=bool), column).tolist()
        return restored_values

    if column.has_categories:
        value = stats.mode(codes, axis=0).mode
        low = high = [None] * n
    else:
        # As numbers, since dates that are written as texts have another order.
        ranked = np.sort(codes, axis=0)
        value = ranked[(m - 1) // 2]
        place = max(int(np.floor((1 - level) / 2 * (m + 1) + 1e-9)), 1)
        low, high = restored(ranked[place - 1]), restored(ranked[m - place])
    return {"value": restored(value), "low": low, "high": high, "share": (codes == value).mean(0).tolist()}
