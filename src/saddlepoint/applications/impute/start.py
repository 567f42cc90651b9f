"""Fill in a table from a file or a frame in one call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from saddlepoint.applications.impute.completing import complete_matrix
from saddlepoint.applications.impute.fitting import check_request
from saddlepoint.applications.impute.imputed import Imputed
from saddlepoint.applications.impute.settings import AUTO, Aim
from saddlepoint.arguments import check_count
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import SettingError
from saddlepoint.progress import report_for
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import fingerprint, finished_parts

if TYPE_CHECKING:
    from saddlepoint.applications.impute.images.completed import CompletedImages

DRAWS = 20  # for inference
MOST_SEED = 2**32 - 1  # that NumPy takes


@overload
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
    keep: str | Path | None = None,
) -> Imputed: ...


@overload
def impute(
    source: Any,
    *,
    model: Any,
    mask: Any = None,
    truth: Any = None,
    draws: int | None = None,
    seed: int = 0,
    progress: Report | bool = True,
    keep: str | Path | None = None,
) -> CompletedImages: ...


def impute(
    source: Any,
    *,
    method: str = AUTO,
    aim: Aim = "prediction",
    draws: int | None = None,
    seed: int = 0,
    schema: Schema | None = None,
    options: Mapping[str, Any] | None = None,
    model: Any = None,
    mask: Any = None,
    truth: Any = None,
    progress: Report | bool = True,
    keep: str | Path | None = None,
) -> Imputed | CompletedImages:
    """Fill in the missing cells of a table, or with a trained model the holes of images.

        full = sp.impute("people.csv").frame
        sp.impute(frame, aim="inference").pool_means(["age"])
        sp.impute("holes/", model="runs/diffusion-digits-1").grid()

    Args:
        source: path of a CSV, TSV or Parquet file; a data frame; a record array; or a dictionary of columns. With a model, a folder
            of images with transparent pixels, an .npz file or an array with NaN.
        method: name of a method; "auto" tries them on held-out cells and takes the best for the aim.
        aim: "prediction" for one table with best guesses, "inference" for proper draws.
        draws: number of completed tables; None for 1, or 20 for inference.
        seed: of everything random, from 0 to 2^32 - 1.
        schema: of the table; None infers it.
        options: arguments of the method.
        model: a run, its folder or a model that completes; None for tables.
        mask: with a model: an image, a folder of images or an array, white or True where numbers are missing.
        truth: with a model: the complete examples, to measure errors.
        progress: a function that receives the progress, or whether to show it on a terminal or in a notebook.
        keep: a folder for finished parts, such as fitted chains; a call that was killed goes on there when it is repeated with the
            same arguments, and the folder is removed at the end.

    Raises:
        SettingError: a setting is not possible.
        DataError: the table cannot be read or used.
    """
    if model is not None:
        from saddlepoint.applications.impute.images.start import complete_images

        if method != AUTO or aim != "prediction" or schema is not None or options:
            raise SettingError(
                "impute: method, aim, schema and options are for tables; leave them out where a model fills in images."
            )
        return complete_images(
            source,
            model,
            mask=mask,
            truth=truth,
            draws=1 if draws is None else draws,
            seed=seed,
            progress=progress,
            keep=keep,
        )
    if mask is not None or truth is not None:
        raise SettingError("impute: mask and truth are for images, which need a model: model=RUN.")
    from saddlepoint.data.tabular.reading import read_frame

    wanted = draws if draws is not None else DRAWS if aim == "inference" else 1
    check_request(method, aim, wanted)
    check_count("impute", "seed", seed, 0, MOST_SEED)
    frame = read_frame(source, schema)
    from sklearn.utils import check_random_state

    from saddlepoint.applications.impute.frames import FrameMatrix
    from saddlepoint.data.tabular.infer import infer_schema

    described = schema if schema is not None else infer_schema(frame)
    columns = FrameMatrix.of(frame, described)
    matrix = columns.matrix(frame)
    incomplete = bool(np.isnan(matrix).any())
    name, contest = "none", None
    note = "no column with missing cells could be learnt." if frame.isna().to_numpy().any() else "no cell is missing."
    tables = [frame.copy() for _ in range(wanted)]
    if incomplete:

        def request() -> str:
            return fingerprint([matrix], list(columns.kinds), method, aim, wanted, seed, options)

        with report_for(progress) as report, finished_parts(keep, "impute", request) as kept:
            found, completed = complete_matrix(
                matrix,
                columns.kinds,
                method,
                aim,
                wanted,
                int(check_random_state(seed).randint(2**31 - 1)),
                targets=np.asarray(np.isnan(matrix).any(0)),
                options=options,
                keep=kept,
                report=report,
            )
            tables = [columns.filled(frame, one) for one in completed]
        name, contest, note = found.name, found.contest, found.note
    for table in tables:
        table.attrs = dict(frame.attrs)
    return Imputed(frame, tuple(tables), described, name, aim, contest, note, columns.left(tables[0]))
