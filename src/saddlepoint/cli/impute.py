"""`saddlepoint impute TABLE --out FILE`: fill in the missing cells of a table, or with --model holes of images."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.applications.impute.settings import AIMS, AUTO, METHODS, Aim
from saddlepoint.arguments import check_count
from saddlepoint.cli.arguments import Parser, add_json, add_schema, add_seed, add_trust
from saddlepoint.cli.console import Output, console, print_json, progress_display
from saddlepoint.cli.destination import check_file
from saddlepoint.errors import SettingError
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.applications.impute.imputed import Imputed

NAMED = 12  # columns that are listed


def run(argv: Sequence[str]) -> int:
    """Fill in a table and write it; return the exit code."""
    arguments = _parser().read(argv)
    if arguments.model is not None:
        from saddlepoint.cli.inpaint import run_model

        return run_model(arguments)
    _check_table(arguments)
    from saddlepoint.applications.impute.imputed import check_numbering
    from saddlepoint.applications.impute.start import DRAWS, MOST_SEED, impute
    from saddlepoint.data.tabular.reading import read_frame
    from saddlepoint.data.tabular.schema import Schema

    aim: Aim = arguments.aim or "prediction"
    draws = arguments.draws if arguments.draws is not None else DRAWS if aim == "inference" else 1
    check_count("impute", "--seed", arguments.seed, 0, MOST_SEED)
    out, cells = Path(arguments.out), None if arguments.intervals is None else Path(arguments.intervals)
    page = None if arguments.page is None else Path(arguments.page)
    if page is not None:
        check_file("impute", page, [".html"], overwrite=arguments.overwrite, option="--page")
    _check_outputs(arguments.table, out, cells, draws, overwrite=arguments.overwrite)
    schema = None if arguments.schema is None else Schema.read(arguments.schema)
    table = read_frame(arguments.table, schema)
    if draws > 1:
        check_numbering(table)
    output = console(arguments.json)
    with progress_display() as display:
        done = impute(
            table,
            method=arguments.method or AUTO,
            aim=aim,
            draws=draws,
            seed=arguments.seed,
            schema=schema,
            progress=display.report,
            # What a call that was killed had finished; the same call goes on there.
            keep=out.with_name(f".{out.name}.parts"),
        )
    _write(done, out, cells, overwrite=arguments.overwrite)
    if page is not None:
        done.write_page(page)
    if arguments.json:
        document = {
            "source": arguments.table,
            "out": str(out),
            "intervals": arguments.intervals,
            "page": arguments.page,
            **done.to_json(),
        }
        print_json(number_to_json(document))
    else:
        _say(done, output)
        output.say(str(out))
        if cells is not None:
            output.say(str(cells))
        if page is not None:
            output.say(str(page))
    return 0


def _check_table(arguments: argparse.Namespace) -> None:
    for name in ("mask", "truth", "grid", "step", "device"):
        if getattr(arguments, name) is not None:
            raise SettingError(f"impute: --{name} is for images, which a trained model completes: add --model RUN.")
    if Path(arguments.table).is_dir():
        raise SettingError(f"impute: {arguments.table} is a folder; to complete the images in it, add --model RUN.")


def _check_outputs(table: str, out: Path, cells: Path | None, draws: int, *, overwrite: bool) -> None:
    from saddlepoint.applications.impute.imputed import LEVEL, least_draws
    from saddlepoint.data.tabular.writing import ENDINGS, table_ending

    for option, path in (("--out", out), ("--intervals", cells)):
        if path is None:
            continue
        if not table_ending(path):
            raise SettingError(f"impute: {option} {path} must end with one of {', '.join(ENDINGS)}.")
        if path.resolve() == Path(table).expanduser().resolve():
            raise SettingError(f"impute: {option} {path} is the table itself; name another file.")
        check_file("impute", path, overwrite=overwrite, option=option)
    if cells is not None and cells.resolve() == out.resolve():
        raise SettingError(f"impute: --out and --intervals name the same file, {out}.")
    if cells is not None and draws < (least := least_draws(LEVEL)):
        raise SettingError(f"impute: --intervals needs at least {least} draws, got {draws}; add --for inference.")


def _write(done: Imputed, out: Path, cells: Path | None, *, overwrite: bool) -> None:
    from saddlepoint.data.tabular.writing import write_frame

    table = done.long
    intervals = None if cells is None else done.intervals().astype({"value": "str", "low": "str", "high": "str"})
    out.parent.mkdir(parents=True, exist_ok=True)
    write_frame(table, out, done.schema, overwrite=overwrite)
    if intervals is not None and cells is not None:
        cells.parent.mkdir(parents=True, exist_ok=True)
        write_frame(intervals, cells, overwrite=overwrite)


def _say(done: Imputed, output: Output) -> None:
    facts: dict[str, Any] = done.to_json()
    tables = "" if facts["draws"] == 1 else f", in {facts['draws']} completed tables (column imputation)"
    output.say(f"{done.headline}{tables}", "bold")
    if facts["missing"]:
        output.say(f"  {done.note}")
    if done.contest is not None:
        for score in done.contest.scores:
            inside = (
                ""
                if score.coverage is None
                else f", {score.coverage:.0%} of numbers within a range that should hold 80 %"
            )
            output.say(f"  {score.method:<11} {score.error:.4f}{inside}")
        for name, reason in done.contest.failed.items():
            output.say(f"  {name:<11} could not be tried: {reason}")
    listed = [f"{name} {count:,}" for name, count in done.filled.items()]
    more = f", and {len(listed) - NAMED} more columns" if len(listed) > NAMED else ""
    if listed:
        output.say(f"  filled: {', '.join(listed[:NAMED])}{more}")
    for name, reason in done.left.items():
        output.say(f"  Cells stay missing in {name}: {reason}.", "yellow")


def _parser() -> Parser:
    methods = "\n".join(f"  {name:<11} {entry.title}" for name, entry in METHODS.items())
    parser = Parser(
        "impute",
        "Fill in the missing cells of a table, or with --model the holes of images. What is observed is never changed.",
        "TABLE --out FILE [options]\n       saddlepoint impute HOLES --model RUN --out FOLDER [--mask MASK] [options]",
        epilog=f"methods:\n{methods}",
    )
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="a CSV, TSV or Parquet file; with --model a folder of images with transparent pixels, an image, or an .npz file with NaN "
        "in x, or with x and known",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="the completed table, whose ending says the format; a folder for images, an .npz file for arrays",
    )
    parser.add_argument("--method", metavar="NAME", help="auto (the default) tries methods on held-out cells")
    parser.add_argument(
        "--for",
        dest="aim",
        choices=AIMS,
        help="prediction: best guesses (the default); inference: proper draws, so that intervals are right",
    )
    parser.add_argument(
        "--draws",
        type=int,
        metavar="N",
        help="completed tables, below each other with a column imputation (1, or 20 for inference)",
    )
    parser.add_argument("--intervals", metavar="FILE", help="write a 90 %% interval for each filled cell")
    parser.add_argument(
        "--page",
        metavar="FILE.html",
        help="write a page: what was missing where, the contest of methods, and filled beside observed values; of images, the "
        "completions and where they differ",
    )
    add_schema(parser)
    add_seed(parser)
    parser.add_argument("--model", metavar="RUN", help="images: the run whose model fills the holes")
    parser.add_argument(
        "--mask", metavar="PATH", help="images: an image or a folder of images, white where the holes are"
    )
    parser.add_argument("--truth", metavar="PATH", help="images: the complete ones, to measure errors")
    parser.add_argument("--grid", metavar="FILE.png", help="images: picture of holes and completions (OUT-grid.png)")
    parser.add_argument("--step", metavar="STEP", help="images: checkpoint: newest (default), best or a number")
    parser.add_argument("--device", metavar="DEVICE", help="images: cpu (default), auto, cuda or mps")
    add_trust(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    add_json(parser)
    return parser
