"""Fill in a table from a file or a frame in one call."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from saddlepoint.applications.impute.fitting import check_request
from saddlepoint.applications.impute.imputed import Imputed
from saddlepoint.applications.impute.settings import AUTO, Aim
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.progress import report_for
from saddlepoint.progress.protocol import Report

DRAWS = 20  # for inference


def impute(
    source: Any,
    *,
    method: str = AUTO,
    aim: Aim = "prediction",
    draws: int | None = None,
    seed: int = 0,
    schema: Schema | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Report | bool = True,
) -> Imputed:
    """Fill in the missing cells of a table.

        full = sp.impute("people.csv").frame
        sp.impute(frame, aim="inference").pool_means(["age"])

    Args:
        source: path of a CSV, TSV or Parquet file; a data frame; a record array; or a dictionary of columns.
        method: name of a method; "auto" tries them on held-out cells and takes the best for the aim.
        aim: "prediction" for one table with best guesses, "inference" for proper draws.
        draws: number of completed tables; None for 1, or 20 for inference.
        seed: of everything random, at least 0.
        schema: of the table; None infers it.
        options: arguments of the method.
        progress: a function that receives the progress, or whether to show it on a terminal or in a notebook.

    Raises:
        SettingError: a setting is not possible.
        DataError: the table cannot be read or used.
    """
    from saddlepoint.data.tabular.reading import read_frame

    wanted = draws if draws is not None else DRAWS if aim == "inference" else 1
    check_request(method, aim, wanted)
    frame = read_frame(source, schema)

    from saddlepoint.applications.impute.imputer import TableImputer

    imputer = TableImputer(
        method, aim=aim, draws=wanted, random_state=seed, options=options, schema=schema, add_indicator=False
    )
    lacking = [name for name in frame.columns if frame[name].isna().any()]
    with report_for(progress) as report, warnings.catch_warnings():
        # What they say is in `left`.
        warnings.filterwarnings("ignore", message="impute: ", category=UserWarning)
        imputer.fit(frame, targets=lacking, report=report)
        if report is not None:
            report(f"filling {len(lacking)} columns by {imputer.method_}", 0.8)
        tables = tuple(imputer.impute(frame))
    assert imputer.schema_ is not None
    for table in tables:
        table.attrs = dict(frame.attrs)
    return Imputed(
        frame, tables, imputer.schema_, imputer.method_, aim, imputer.contest_, imputer.note_, imputer.left(frame)
    )
