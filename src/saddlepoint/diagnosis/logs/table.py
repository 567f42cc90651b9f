"""A table of numbers, as a reader of one format returns it: columns under the names that the log gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, float]


@dataclass(frozen=True)
class Table:
    """The numbers of a log in the order in which they were written.

    Attributes:
        kind: the format, for people: "CSV".
        rows: the numbers of each row by column; a column without a number in a row is absent from it.
        notes: what a reader should know about how the log was read, one sentence each.
        counted: the step of each row, where the format itself has steps (TensorBoard); otherwise a column counts them.
        columns: all columns in the order of the log, also those without a number; empty to take them from the rows.
    """

    kind: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    counted: tuple[int, ...] | None = None
    columns: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that hold a number somewhere, in the order of the log."""
        present = dict.fromkeys(name for row in self.rows for name in row)
        ordered = dict.fromkeys(name for name in self.columns if name in present)
        return tuple(ordered | present)


def distinct(names: Iterable[object]) -> list[str]:
    """Return column names without spaces at their ends, where a name that occurs again gets a number: "loss", "loss (2)"."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        cleaned = str(name).strip()
        seen[cleaned] = seen.get(cleaned, 0) + 1
        found.append(cleaned if seen[cleaned] == 1 else f"{cleaned} ({seen[cleaned]})")
    return found


def columns_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the columns of rows in the order of their first occurrence."""
    return tuple(dict.fromkeys(name for row in rows for name in row))
