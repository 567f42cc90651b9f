"""Compare generated rows with real rows: every score with the same score of real rows and of simple generators as baselines.

Scores of likeness compare with held-out rows; "real" is then as many training rows. Scores of copies and members need rows that the generator has
not seen; "real" is then one half of the held-out rows, measured with the other half. Without held-out rows, the real rows are split in halves:
baselines know one half, and everything is compared with the other, which the generator may have seen; only exact copies are looked for in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.errors import DataError, shortened, suggestion
from saddlepoint.evaluation.scorecard.score import Skipped
from saddlepoint.evaluation.tables.answer import answer, headline
from saddlepoint.evaluation.tables.card import TableCard, TableScore
from saddlepoint.evaluation.tables.cells import column_values
from saddlepoint.evaluation.tables.comparison import Comparison, TableMetric, choose_rows
from saddlepoint.evaluation.tables.generators import copula_rows, duplicate_rows, smote_rows
from saddlepoint.evaluation.tables.metrics import METRICS
from saddlepoint.evaluation.tables.threads import one_thread
from saddlepoint.progress import Report

if TYPE_CHECKING:
    import pandas as pd

LEAST_ROWS = 8  # of each set
MOST_FITTED = 20_000  # training rows that SMOTE and the copula are fitted to
SMALL = 100  # held-out rows below which a note says that intervals are wide


@one_thread()
def compare_tables(
    train: pd.DataFrame,
    test: pd.DataFrame | None,
    synthetic: pd.DataFrame,
    schema: Schema,
    *,
    target: str | None = None,
    seed: int = 0,
    names: tuple[str, str] = ("generated rows", "real rows"),
    metrics: Mapping[str, TableMetric] = METRICS,
    progress: Report | None = None,
) -> TableCard:
    """Score generated rows.

    Args:
        train: real rows that the generator was fitted to.
        test: real rows that it has not seen; None where there are none, and nothing can then be said of copies and members.
        synthetic: generated rows, with the columns that the schema learns; others are ignored.
        schema: of the real rows.
        target: column of categories or numbers to predict; None takes the schema's, if there is one.
        seed: of all choices.
        names: of the generated and of the real rows, for the card.
        metrics: what to measure.
        progress: called with the name of the current work and the share that is done.

    Returns:
        The scores with 95 % intervals.

    Raises:
        DataError: a column is not in all tables, or holds other cells than the schema says; there are fewer than 8 rows of
            a kind; or the target cannot be predicted.
    """
    target = schema.target if target is None else target
    if target is not None:
        _check_predictable(schema.column(target))
    usable, notes = _usable_schema(train, test, synthetic, schema, target)
    _check_rows(train, test, synthetic)
    rng = np.random.default_rng(seed)
    counts = {"generated": len(synthetic), "training": len(train), "held out": 0 if test is None else len(test)}
    is_held_out = test is not None
    if test is None:
        order = rng.permutation(len(train))
        halves = np.array_split(order, 2)
        train, test = (train.iloc[np.sort(half)].reset_index(drop=True) for half in halves)
        notes.append(
            "No held-out rows were given: generated rows are compared with a half of the real ones, which the generator may have seen, so "
            "that they look better than they are, and of copies and membership only exact copies are measured."
        )
    elif len(test) < SMALL:
        notes.append(
            f"There are only {len(test)} held-out rows, so that intervals are wide; more (of a run, --data.held_out 0.3) narrow them."
        )
    plain = Comparison(synthetic, train, test, usable, is_held_out, target, seed)
    comparisons = _comparisons(plain, rng)
    scores, skipped = [], []
    for place, (key, metric) in enumerate(metrics.items()):
        if progress is not None:
            progress(metric.title, place / len(metrics))
        reason = metric.reason(plain)
        if reason is not None:
            skipped.append(Skipped(key, metric.title, reason))
            continue
        scores.append(_score(key, metric, comparisons))
    found = tuple(scores)
    return TableCard(
        generated=names[0],
        real=names[1],
        headline=headline(found),
        answer=answer(found),
        scores=found,
        skipped=tuple(skipped),
        notes=tuple(notes),
        rows=counts,
        target=target,
        seed=seed,
    )


def _check_predictable(column: Column) -> None:
    if not column.has_categories and column.kind not in ("continuous", "integer"):
        raise DataError(
            f"the target {column.name} is of the kind {column.kind}; choose a column of categories or numbers, or correct its kind in a schema."
        )


def _comparisons(plain: Comparison, rng: np.random.Generator) -> dict[str, Comparison]:
    """The generated rows, and each baseline as the generator; "outsiders" are real rows that nobody was fitted to."""
    train, test, n = plain.train, plain.test, min(len(plain.rows), len(plain.train))
    order = rng.permutation(len(test))
    halves = [test.iloc[np.sort(half)].reset_index(drop=True) for half in np.array_split(order, 2)]
    fitted = choose_rows(train, MOST_FITTED, rng)
    generators: dict[str, Callable[[], pd.DataFrame]] = {
        "duplicated": lambda: duplicate_rows(train, n, rng),
        "smote": lambda: smote_rows(fitted, plain.schema, plain.target, n, rng),
        "copula": lambda: copula_rows(fitted, plain.schema, n, rng),
    }
    return {
        "generated": plain,
        "real": replace(plain, rows=choose_rows(train, n, rng)),
        "outsiders": replace(plain, rows=halves[0], test=halves[1]),
        **{name: replace(plain, rows=draw()) for name, draw in generators.items()},
    }


def _score(key: str, metric: TableMetric, comparisons: Mapping[str, Comparison]) -> TableScore:
    found = metric.measure(comparisons["generated"])
    baselines = {}
    for name in ("real", "duplicated", "smote", "copula"):
        source = "outsiders" if name == "real" and metric.needs_outsiders else name
        baselines[name] = metric.measure(comparisons[source]).estimate
    return TableScore(
        key, metric.title, found.estimate, metric.better, metric.meaning, metric.ideal, baselines, found.parts
    )


def _usable_schema(
    train: pd.DataFrame, test: pd.DataFrame | None, synthetic: pd.DataFrame, schema: Schema, target: str | None
) -> tuple[Schema, list[str]]:
    """The schema of what can be compared, and sentences on what is not or was not expected."""
    notes: list[str] = []
    frames = {"the generated rows": synthetic, "the real rows": train}
    if test is not None:
        frames["the held-out rows"] = test
    columns: list[Column] = []
    for column in schema.columns:
        if not column.is_learnt:
            continue
        for name, frame in frames.items():
            if column.name not in frame.columns:
                known = shortened(", ".join(map(str, frame.columns)))
                raise DataError(
                    f"{name} have no column {column.name!r}, which the real table has.{suggestion(column.name, map(str, frame.columns))} "
                    f"Their columns are {known}."
                )
        columns.append(_usable_column(column, frames, notes))
    if not columns:
        raise DataError(
            "no column can be compared; give tables with numbers, dates or categories that differ between rows."
        )
    if all(train[column.name].isna().all() for column in columns):
        raise DataError("every cell of the real rows is missing; give a table with values.")
    extra = [str(name) for name in synthetic.columns if name not in schema.names]
    if extra:
        notes.append(f"Columns that only the generated rows have are ignored: {shortened(', '.join(extra))}.")
    left = [column.name for column in schema.columns if not column.is_learnt]
    if left:
        notes.append(f"Constants, identifiers and free text are not compared: {shortened(', '.join(left))}.")
    return schema.model_copy(update={"columns": tuple(columns), "target": target}), notes


def _usable_column(column: Column, frames: Mapping[str, pd.DataFrame], notes: list[str]) -> Column:
    """The column with missing cells as in any of the tables; raises DataError where cells are of another kind."""
    missing = 0.0
    for name, frame in frames.items():
        try:
            values = column_values(frame, column)
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        absent = np.isnan(values)
        missing = max(missing, float(absent.mean()))
        if column.has_categories:
            new = int((values == len(column.categories)).sum())
            if new:
                cells = "one cell of" if new == 1 else f"{new:,} cells of"
                notes.append(
                    f"{column.name}: {cells} {name} {'has' if new == 1 else 'have'} a category that the schema does not know."
                )
    return column.model_copy(update={"missing": missing})


def _check_rows(train: pd.DataFrame, test: pd.DataFrame | None, synthetic: pd.DataFrame) -> None:
    least = LEAST_ROWS if test is not None else 2 * LEAST_ROWS
    for name, frame, enough in (
        ("generated", synthetic, LEAST_ROWS),
        ("real", train, least),
        ("held-out", test, LEAST_ROWS),
    ):
        if frame is not None and len(frame) < enough:
            rows = "one row" if len(frame) == 1 else f"{len(frame)} rows"
            raise DataError(
                f"there {'is' if len(frame) == 1 else 'are'} {rows} of the {name} table; a comparison needs {enough} or more."
            )
