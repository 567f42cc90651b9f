"""CSV files that Weights & Biases exports from a chart: `Step`, then `RUN - METRIC` with `__MIN` and `__MAX` beside it."""

from __future__ import annotations

from dataclasses import replace

from saddlepoint.diagnosis.logs import comma_separated
from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table, columns_of

BETWEEN = " - "  # the name of the run and the metric
EXTREMES = ("__MIN", "__MAX")


def read(source: Source) -> Table | None:
    """Read an export; columns get the names of the metrics, without the name of the run.

    Args:
        source: of the log.

    Returns:
        The numbers of the first run; None if it is no export.
    """
    if (
        source.is_folder
        or BETWEEN not in source.text.partition("\n")[0]
        or not source.text.lstrip('"# ').startswith("Step")
    ):
        return None
    table = comma_separated.read(source)
    if table is None:
        return None
    prefixed = [name for name in columns_of(table.rows) if BETWEEN in name and not name.endswith(EXTREMES)]
    runs = list(dict.fromkeys(name.rpartition(BETWEEN)[0] for name in prefixed))
    if not runs:
        return table
    renamed = {name: name.rpartition(BETWEEN)[2] for name in prefixed if name.rpartition(BETWEEN)[0] == runs[0]}
    renamed = {name: metric for name, metric in renamed.items() if not metric.startswith("_")}
    rows = [
        {renamed.get(name, name): value for name, value in row.items() if name in renamed or BETWEEN not in name}
        for row in table.rows
    ]
    others = f"Only the run {runs[0]} was read, the first of {len(runs)}."
    notes = (*table.notes, *([others] if len(runs) > 1 else []))
    return replace(table, kind="Weights & Biases export", rows=tuple(rows), notes=notes, columns=columns_of(rows))
