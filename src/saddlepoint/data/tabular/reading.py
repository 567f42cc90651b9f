"""Read a table from a file or from another library's data frame into a pandas frame with the source's types.

Text files have no types: theirs are found by `cells.read_cells`. What pandas cannot hold (which cells were missing, how numbers were
written) is kept in the frame's `attrs`.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.data.tables import find_delimiter, has_header, open_text
from saddlepoint.data.tabular.arrow import from_arrow
from saddlepoint.data.tabular.cells import NUMBER, read_cells
from saddlepoint.data.tabular.decimal_commas import with_points
from saddlepoint.data.tabular.packages import import_package
from saddlepoint.data.tabular.row_checks import check_rows, undecodable_line
from saddlepoint.errors import DataError, printable, shortened

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.data.tabular.schema import Schema

PARQUET = (".parquet", ".pq")
ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", *PARQUET)  # of files that are read as tables
KEY = "saddlepoint"  # in the attributes of a frame


def read_frame(source: Any, schema: Schema | None = None) -> pd.DataFrame:
    """A table as a pandas frame.

    Args:
        source: path of a CSV or TSV file (also .gz) or Parquet file; a data frame of pandas, polars or another library
            that narwhals knows; a NumPy record array; or a dictionary of columns.
        schema: says which cells of a text file are missing and which columns are text; None decides by the cells.

    Returns:
        The rows, numbered from 0, with the source's types. Names of columns are texts.

    Raises:
        DataError: it cannot be read, has no rows or columns, or a column twice; of files with the line and the column.
        MissingExtraError: pandas, pyarrow or narwhals is needed and not installed.
    """
    pandas = import_package("pandas")
    frame: pd.DataFrame
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        frame, name = (_read_parquet(path) if path.suffix.lower() in PARQUET else _read_text(path, schema)), str(path)
    else:
        frame, name = _from_memory(source, pandas), "table"
    attributes = dict(frame.attrs)
    frame = frame.reset_index(drop=True).rename(columns=str)
    frame.attrs = attributes
    if not len(frame.columns):
        raise DataError(f"{name}: has no columns; give a table with at least one.")
    if not len(frame):
        raise DataError(f"{name}: has no rows; give a table with at least one.")
    _check_names(list(frame.columns), name)
    return frame


def is_table(data: Any) -> bool:
    """Whether data in memory are a table with named columns: a data frame of any library, or a record array."""
    return (isinstance(data, np.ndarray) and data.dtype.names is not None) or (
        not isinstance(data, type) and hasattr(data, "columns")
    )


def is_table_source(source: Any) -> bool:
    """Whether a source is a table: a path with one of `ENDINGS`, or what `read_frame` takes from memory."""
    if isinstance(source, str | Path):
        return str(source).lower().endswith(ENDINGS)
    return is_table(source) or isinstance(source, dict)


def _from_memory(source: Any, pandas: Any) -> Any:
    if isinstance(source, pandas.DataFrame):
        if source.columns.nlevels > 1:
            raise DataError(
                f"table: names of columns with {source.columns.nlevels} levels; give each column one name, such as by "
                "frame.columns = ['_'.join(map(str, names)) for names in frame.columns]."
            )
        return source
    if isinstance(source, np.ndarray) and source.dtype.names:
        fields = {name: source[name] for name in source.dtype.names}
        decoded = {name: values.astype(str) if values.dtype.kind == "S" else values for name, values in fields.items()}
        return _of_columns(decoded, pandas)
    if isinstance(source, np.ndarray):
        raise DataError(
            f"table: an array of shape {source.shape} without names of columns; give a data frame, or a dictionary of columns."
        )
    if isinstance(source, Mapping):
        return _of_columns(source, pandas)
    narwhals = import_package("narwhals", "A data frame that is not of pandas")
    try:
        frame = narwhals.from_native(source)
    except TypeError:
        raise DataError(
            f"table: a {type(source).__name__}; give the path of a CSV or Parquet file, a data frame, a record array or a dictionary of columns."
        ) from None
    collected = frame.collect() if hasattr(frame, "collect") else frame
    import_package("pyarrow", "A data frame that is not of pandas")
    return from_arrow(collected.to_arrow())


def _of_columns(columns: Mapping[Any, Any], pandas: Any) -> Any:
    try:
        return pandas.DataFrame(dict(columns))
    except ValueError as error:
        raise DataError(f"table: its columns do not make a table ({error}).") from None


def _read_parquet(path: Path) -> Any:
    parquet = import_package("pyarrow.parquet", "Reading Parquet")
    pyarrow = import_package("pyarrow", "Reading Parquet")
    try:
        return from_arrow(parquet.read_table(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read as Parquet ({error.strerror or shortened(str(error))}).") from None
    except (pyarrow.ArrowException, ValueError) as error:
        raise DataError(f"{path}: cannot be read as Parquet ({shortened(str(error))}); write it again.") from None


def _read_text(path: Path, schema: Schema | None) -> Any:
    """The table in a text file: two passes, the first of which checks that all rows have the same number of cells."""
    pandas = import_package("pandas")
    try:
        with open_text(path) as file:
            delimiter = find_delimiter(file.readline(), path) or ","
            file.seek(0)
            rows = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
            beginning = check_rows(rows, path, delimiter)
            header = _has_header(beginning, schema)
            file.seek(0)
            frame = pandas.read_csv(
                file,
                sep=delimiter,
                skipinitialspace=True,
                header=None,
                skiprows=0,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
            )
    except UnicodeDecodeError:
        raise DataError(
            f"{path}: line {undecodable_line(path)} is not UTF-8 text; save the file as UTF-8 (in Excel as CSV UTF-8)."
        ) from None
    except gzip.BadGzipFile:
        raise DataError(f"{path}: is not packed with gzip, as its name says; rename it, or make it again.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be unpacked ({error}); make the file again.") from None
    names = [f"column_{number}" for number in range(1, len(frame.columns) + 1)]
    if header:
        given = [str(value).strip() for value in frame.iloc[0]]
        names = [value or names[number] for number, value in enumerate(given)]
        frame = frame.iloc[1:]
    _check_names(names, str(path))
    return _typed(frame.reset_index(drop=True), names, path, delimiter, header, schema)


def _typed(frame: Any, names: list[str], path: Path, delimiter: str, header: bool, schema: Schema | None) -> Any:
    pandas = import_package("pandas")
    said = {} if schema is None else {column.name: column for column in schema.columns}
    commas: tuple[int, ...] = ()
    if delimiter != ",":
        texts = [
            n
            for n, name in enumerate(names)
            if name in said and (said[name].has_categories or said[name].kind == "text")
        ]
        frame, commas = with_points(frame, texts)
    columns, marks, formats = {}, {}, {}
    for number, name in enumerate(names):
        cells = read_cells(frame[number], said.get(name))
        if cells.commas:
            row = cells.commas[0]
            raise DataError(
                f"{path}: line {_line_of(path, delimiter, row + header)}, column {name}: {printable(shortened(str(frame[number][row])))!r} is a "
                "number with a comma; write decimals with a point and thousands without a mark, or give a schema (data.schema) in which the "
                "column is of the kind text or category."
            )
        if cells.mixed:
            row = cells.mixed[0]
            line = _line_of(path, delimiter, row + header)
            more = f" (and {len(cells.mixed) - 1:,} more cells)" if len(cells.mixed) > 1 else ""
            others = "the column's other cells are" if schema is None else "the schema says that the column has numbers"
            raise DataError(
                f"{path}: line {line}, column {name}: {printable(shortened(str(frame[number][row])))!r}{more} is no number, and {others}; "
                "correct it, leave the cell empty, or give a schema (data.schema) with such cells in the column's `marks`, or of another kind."
            )
        columns[name], marks[name] = cells.values, cells.marks
        if cells.format is not None:
            formats[name] = cells.format
    typed = pandas.DataFrame(columns)
    typed.attrs[KEY] = {"marks": marks, "formats": formats, "commas": [names[n] for n in commas]}
    return typed


def _has_header(rows: list[list[str]], schema: Schema | None) -> bool:
    """Whether the first row holds names: those of the schema, else by its cells against those below."""
    if schema is not None:
        first = [cell.strip() for cell in rows[0]]
        return set(schema.names) <= set(first) or not all(name.startswith("column_") for name in schema.names)
    return has_header(rows) or (len(rows) == 1 and not any(map(NUMBER.fullmatch, rows[0])))


def _line_of(path: Path, delimiter: str, row: int) -> int:
    """The line, counted from 1, at which a row (counted from 0, with the header, without blank lines) ends."""
    with open_text(path) as file:
        rows = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
        filled = (rows.line_num for cells in rows if cells)
        return next(line for number, line in enumerate(filled) if number == row)


def _check_names(names: Sequence[str], where: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{where}: two columns are called {printable(shortened(twice[0]))!r}; rename one.")
