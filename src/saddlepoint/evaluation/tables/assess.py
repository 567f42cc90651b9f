"""Evaluate the rows of any program: read files or frames, find the schema of the real rows, and compare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_count
from saddlepoint.data.tabular.completing import complete_schema
from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.data.tabular.reading import read_frame
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.evaluation.tables.card import TableCard
from saddlepoint.evaluation.tables.compare import compare_tables
from saddlepoint.progress import Report

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Tables:
    """The rows of an evaluation.

    Attributes:
        generated: rows of a generator.
        train: real rows that it was fitted to.
        test: real rows that it has not seen, or None.
        schema: of the real rows.
        names: of the generated and of the real rows.
    """

    generated: pd.DataFrame
    train: pd.DataFrame
    test: pd.DataFrame | None
    schema: Schema
    names: tuple[str, str]


def evaluate_table(
    generated: Any,
    real: Any,
    *,
    test: Any = None,
    target: str | None = None,
    schema: Schema | None = None,
    seed: int = 0,
    progress: Report | None = None,
) -> TableCard:
    """Measure how good generated rows are, beside real rows and simple generators.

    Args:
        generated: rows of any generator: the path of a CSV, TSV or Parquet file, a frame of pandas or polars, a record array, or a
            dictionary of columns.
        real: the rows that it was fitted to, in any of these forms.
        test: real rows that it has not seen; without them, nothing can be said of copies and membership.
        target: column of categories or numbers that is predicted, to say how useful the rows are.
        schema: of the real rows; None infers it.
        seed: of all choices of rows and classifiers.
        progress: called with the name of the current work and the share that is done.

    Returns:
        The scores with 95 % intervals, and what they say.

    Raises:
        DataError: a table cannot be read, has other columns, or too few rows, or the target cannot be predicted.
        SettingError: an argument is invalid.

    Example:
        >>> card = evaluate_table("rows.csv", "people.csv", test="held_out.csv")  # doctest: +SKIP
        >>> print(card.answer, card["wasserstein"].value)  # doctest: +SKIP
    """
    seed = check_count("evaluate", "seed", seed, most=2**32 - 1)
    tables = read_tables(generated, real, test, schema)
    return compare_tables(
        tables.train,
        tables.test,
        tables.generated,
        tables.schema,
        target=target,
        seed=seed,
        names=tables.names,
        progress=progress,
    )


def read_tables(generated: Any, real: Any, test: Any = None, schema: Schema | None = None) -> Tables:
    """Read the tables of an evaluation; arguments and errors as of `evaluate_table`."""
    train = read_frame(real, schema)
    found = infer_schema(train) if schema is None else complete_schema(schema, train)
    rows = read_frame(generated, found)
    held_out = None if test is None else read_frame(test, found)
    names = tuple(
        str(source) if isinstance(source, str | Path) else words
        for source, words in ((generated, "generated rows"), (real, "real rows"))
    )
    return Tables(rows, train, held_out, found, (names[0], names[1]))
