"""Tidy tables with one row per run, or per run and step, as CSV, and also as Parquet if pyarrow is installed."""

from __future__ import annotations

import csv
import importlib.util
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlepoint.records import replaced
from saddlepoint.studies.group import RunResult
from saddlepoint.studies.plan import Plan

Row = dict[str, Any]


def result_rows(plan: Plan, results: Mapping[str, RunResult]) -> list[Row]:
    """Make one row per finished run: values of the axes, seed, and results.

    None means that a column does not apply, NaN that it could not be measured because the run diverged.

    Args:
        plan: the study's runs.
        results: the results by key of the run.

    Returns:
        The rows, in the plan's order.
    """
    asked = plan.study.measure.convergence is not None
    rows: list[Row] = []
    for run in plan.runs:
        result = results.get(run.key)
        if result is None:
            continue
        row: Row = dict(plan.points[run.point].values) | {"seed": run.seed, "trained": result.trained}
        row |= {"steps": result.steps, "frozen_at": result.frozen_at}
        if asked:
            converged = result.converged_at is not None
            row |= {
                "converged": converged,
                "steps_to_convergence": result.converged_at,
                # A run that diverged counts as one that did not converge by the last step.
                "censored_at": None if converged else result.steps,
            }
        rows.append(row | result.outcomes)
    return rows


def series_rows(plan: Plan, results: Mapping[str, RunResult]) -> Iterator[Row]:
    """Make one row per finished run and scheduled step.

    Args:
        plan: the study's runs.
        results: the results by key of the run.
    """
    for run in plan.runs:
        result = results.get(run.key)
        if result is None:
            continue
        for position, step in enumerate(result.schedule):
            row: Row = dict(plan.points[run.point].values) | {"seed": run.seed, "step": step}
            yield row | {name: values[position] for name, values in result.series.items()}


def write_table(path: Path, rows: Sequence[Row]) -> list[Path]:
    """Write a table as CSV, and also as Parquet if pyarrow is installed.

    Args:
        path: the CSV file.
        rows: the rows.

    Returns:
        The files.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with replaced(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([cell_text(row.get(name)) for name in columns])
    if importlib.util.find_spec("pyarrow") is None:
        return [path]
    return [path, _write_parquet(path.with_suffix(".parquet"), rows, columns)]


def _write_parquet(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> Path:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({name: _one_type([row.get(name) for row in rows]) for name in columns})
    with replaced(path, "wb") as file:
        pyarrow.parquet.write_table(table, file)
    return path


def _one_type(values: list[Any]) -> list[Any]:
    """Convert a column to one type: floats for mixed numbers, text for other mixed types."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1:
        return values
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in values]
    return [None if value is None else cell_text(value) for value in values]


def cell_text(value: Any) -> str:
    """The text of a value in CSV: empty for None, nan for what could not be measured."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "nan" if math.isnan(value) else repr(value)
    return str(value)
