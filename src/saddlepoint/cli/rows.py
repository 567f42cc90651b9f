"""`saddlepoint sample RUN --out rows.csv`: rows of a table, in the columns, types and formats of the table that was trained on."""

from __future__ import annotations

import argparse
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.cli.console import Output, print_json
from saddlepoint.cli.destination import check_file
from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.data.tabular.conditions import Conditions
from saddlepoint.data.tabular.storage import read_codec
from saddlepoint.data.tabular.writing import ENDINGS, open_table, table_ending
from saddlepoint.errors import SettingError
from saddlepoint.experiment.rows import draw_rows
from saddlepoint.records import find_run, writing

if TYPE_CHECKING:
    from torch import Tensor

    from saddlepoint.models.capabilities import GenerativeModel

ENCODED = (".npz", ".png")
WAIT = 10.0  # seconds for another command that writes a file into the run
ELSEWHERE = "wait for it, or write elsewhere with --out"


def codec_of(run: str, out: str | None, condition: str | None) -> TableCodec | None:
    """The codec of a run on a table where rows are to be written; None where samples are to be written otherwise.

    Raises:
        SettingError: rows are asked for, and the run was not trained on a table, or conditions without rows.
    """
    folder = find_run(run)
    asks = out is not None and bool(table_ending(Path(out)))
    if folder.table.exists() and (out is None or asks):
        return read_codec(folder.table)
    if folder.table.exists() and Path(str(out)).suffix not in ENCODED:
        raise SettingError(
            f"sample: --out {out}: end it with {', '.join(ENDINGS)} (rows of the table), .npz (encoded rows) or .png (a picture of these)."
        )
    if condition is not None:
        raise SettingError(
            f"sample: --condition is for rows of a table: train on one (--data.source FILE.csv), and end --out with one of {', '.join(ENDINGS)}."
        )
    if asks and not folder.table.exists():
        raise SettingError(
            f"sample: --out {out}: {run} was not trained on a table, so its samples are no rows; end --out with .npz."
        )
    return None


def write_rows(
    model: GenerativeModel,
    codec: TableCodec,
    arguments: argparse.Namespace,
    default: Path,
    labels: Tensor | None,
    output: Output,
) -> int:
    """Draw rows and write them; return the exit code.

    Args:
        model: a trained model.
        codec: of its table.
        arguments: of the command.
        default: the file without --out, which may be replaced.
        labels: (n,) int64, the classes that --labels asks for.
        output: for the user.
    """
    if arguments.codes is not None:
        raise SettingError("sample: --codes are not for rows of a table: leave it out, or end --out with .npz.")
    path = default if arguments.out is None else Path(arguments.out)
    if arguments.out is not None:
        check_file("sample", path, overwrite=arguments.overwrite)
        path.parent.mkdir(parents=True, exist_ok=True)
    conditions = None if arguments.condition is None else Conditions.parse(arguments.condition, codec.schema)
    started = time.perf_counter()
    folder = find_run(arguments.run)
    own = writing(folder, wait=WAIT, otherwise=ELSEWHERE) if arguments.out is None else contextlib.nullcontext()
    columns: list[str] = []
    with own, open_table(path, codec.schema, overwrite=arguments.overwrite or arguments.out is None) as table:
        for frame in draw_rows(
            model, codec, arguments.count, labels=labels, conditions=conditions, seed=arguments.seed
        ):
            columns = list(frame.columns)
            table.append(frame)
    seconds = time.perf_counter() - started
    left_out = [column.name for column in codec.schema.columns if column.name not in columns]
    if arguments.json:
        print_json(
            {
                "out": str(path),
                "n": arguments.count,
                "columns": columns,
                "left_out": left_out,
                "seed": arguments.seed,
                "seconds": seconds,
            }
        )
        return 0
    output.say(
        f"{path}: {arguments.count:,} rows of {len(columns)} columns, seed {arguments.seed}, drawn in {seconds:.2g} s"
    )
    for name in left_out:
        reason = "free text is not learnt"
        if codec.target is not None and name == codec.target.name:
            reason = (
                "it is the label, and the model is not conditional: train a conditional one, or leave data.target out"
            )
        output.say(f"  left out     {name}: {reason}")
    return 0
