"""Write tables as CSV, TSV or Parquet: whole or not at all, in parts, so that a table of any length needs little memory."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.data.tabular.packages import import_package
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.errors import DataError, RunError
from saddlepoint.records import replaced

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
PLAIN = "%g"  # the format of numbers whose whole ones have no point


def table_ending(path: Path) -> str:
    """The ending of `path` that says how a table is written; empty where it is none of `ENDINGS`."""
    return next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if path.name.lower().endswith(ending)), "")


def write_frame(
    frame: pd.DataFrame, path: str | Path, schema: Schema | None = None, *, overwrite: bool = False
) -> None:
    """Write a frame to a file whose ending says how.

    Args:
        frame: the rows.
        path: with one of `ENDINGS`.
        schema: says how numbers and missing cells are written as text; None writes empty cells.
        overwrite: replace an existing file.

    Raises:
        DataError: the ending is none of `ENDINGS`.
        RunError: the file exists.
        MissingExtraError: Parquet needs pyarrow, which is not installed.
    """
    with open_table(path, schema, overwrite=overwrite) as table:
        table.append(frame)


@contextmanager
def open_table(path: str | Path, schema: Schema | None = None, *, overwrite: bool = False) -> Iterator[TableWriter]:
    """A table to append frames to; the file appears when the block ends without an error. For arguments see `write_frame`."""
    path = Path(path)
    ending = table_ending(path)
    if not ending:
        raise DataError(f"{path}: a table's name ends with one of {', '.join(ENDINGS)}.")
    if path.exists() and not overwrite:
        raise RunError(f"{path} exists: name another file, or replace it.")
    if ending == ".parquet":
        import_package("pyarrow", "Writing Parquet")
    with replaced(path, "wb") as file:
        # Without a time in its header, so that the same rows are the same bytes.
        stream: Any = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if ending.endswith(".gz") else file
        writer = _ParquetWriter(stream) if ending == ".parquet" else _TextWriter(stream, ending, schema)
        yield writer
        writer.close()
        if stream is not file:
            stream.close()


class TableWriter:
    """A table that is being written."""

    def append(self, frame: pd.DataFrame) -> None:
        """Write the rows of a frame below those before."""
        raise NotImplementedError

    def close(self) -> None:
        """Write what has to stand at the end."""


class _TextWriter(TableWriter):
    def __init__(self, stream: Any, ending: str, schema: Schema | None) -> None:
        self._stream, self._separator = stream, "\t" if ending.startswith(".tsv") else ","
        self._columns = {} if schema is None else {column.name: column for column in schema.columns}
        self._begun = False

    def append(self, frame: pd.DataFrame) -> None:
        cells = frame.assign(
            **{name: cells_as_text(frame[name], column) for name, column in self._columns.items() if name in frame}
        )
        text = io.TextIOWrapper(self._stream, "utf-8", newline="", write_through=True)
        cells.to_csv(text, sep=self._separator, index=False, header=not self._begun, lineterminator="\n")
        text.detach()
        self._begun = True


class _ParquetWriter(TableWriter):
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._writer: Any = None

    def append(self, frame: pd.DataFrame) -> None:
        pyarrow, parquet = import_package("pyarrow"), import_package("pyarrow.parquet")
        if self._writer is None:
            table = pyarrow.Table.from_pandas(frame, preserve_index=False)
            self._writer = parquet.ParquetWriter(self._stream, table.schema)
        else:
            table = pyarrow.Table.from_pandas(frame, schema=self._writer.schema, preserve_index=False)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def cells_as_text(cells: Any, column: Column) -> Any:
    """A column of a frame as its source writes it: numbers in their format, and missing cells by their mark."""
    missing = cells.isna()
    if column.format is not None and column.kind in ("continuous", "integer"):
        form = column.format
        plain = form == PLAIN
        texts = [repr(value).removesuffix(".0") if plain else form % value for value in cells[~missing].tolist()]
        written = cells.astype(object)
        written[~missing] = texts
        cells = written
    if missing.any() and column.marks and column.marks[0]:
        cells = cells.astype(object).where(~missing, column.marks[0])
    return cells
