"""`saddlepoint label DATA --labels FILE|COLUMN --out FILE`: fill in missing labels, or hide labels to measure how well that works."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.applications.label.settings import AUTO, METHODS
from saddlepoint.cli.arguments import Parser, add_json, add_schema, add_seed
from saddlepoint.cli.console import Output, console, print_json, progress_display
from saddlepoint.cli.destination import check_companion, check_file, check_outside, check_place
from saddlepoint.errors import RunError, SettingError
from saddlepoint.records import write_json

if TYPE_CHECKING:
    from saddlepoint.applications.label.examples import Examples
    from saddlepoint.applications.label.labelled import Labelled

NAMED = 12  # classes that are listed
RESULT = "result.json"


def run(argv: Sequence[str]) -> int:
    """Read, label, write; return the exit code."""
    arguments = _parser().read(argv)
    from saddlepoint.applications.label.sources import read_examples
    from saddlepoint.applications.label.start import check_request, label_examples
    from saddlepoint.applications.label.writing import write_labelled
    from saddlepoint.data.tabular.schema import Schema

    check_request(arguments.method, arguments.per_class, arguments.seed, arguments.folds, arguments.steps)
    out = Path(arguments.out)
    _check_out(out, arguments)
    schema = None if arguments.schema is None else Schema.read(arguments.schema)
    classes = None if arguments.classes is None else [name.strip() for name in arguments.classes.split(",")]
    examples = read_examples(arguments.data, arguments.labels, classes=classes, schema=schema, size=arguments.size)
    _check_form(out, examples)
    output = console(arguments.json)
    with progress_display() as display:
        done = label_examples(
            examples, method=arguments.method, per_class=arguments.per_class, seed=arguments.seed, folds=arguments.folds,
            steps=arguments.steps, keep=out.with_name(f".{out.name}.parts"), report=display.report,
        )  # fmt: skip
    from saddlepoint.report.labelling import write_labelling_page

    beside = companion(out)
    beside.mkdir(parents=True, exist_ok=True)
    write_labelled(done, out, overwrite=arguments.overwrite)
    document = write_json(beside / RESULT, done.to_json())
    page = write_labelling_page(document, beside / "report.html")
    if arguments.json:
        print_json({"data": arguments.data, "out": str(out), "page": str(page), **document})
    else:
        _say(done, output)
        output.say(str(out))
        output.say(str(page))
    return 0


def companion(out: Path) -> Path:
    """The folder of the page and the result, beside what is written."""
    return out.with_name(f"{out.name}.label")


def _check_out(out: Path, arguments: argparse.Namespace) -> None:
    from saddlepoint.data.tabular.writing import ENDINGS, table_ending

    if out.suffix.lower() != ".npz" and not table_ending(out):
        raise SettingError(f"label: --out {out} must end with one of {', '.join((*ENDINGS, '.npz'))}.")
    for read in (arguments.data, arguments.labels):
        if read is not None and Path(read).expanduser().exists():
            check_outside("label", out, Path(read))
    check_file("label", out, overwrite=arguments.overwrite)
    beside = companion(out)
    check_place("label", beside / RESULT)
    check_companion(beside, RESULT)
    if (beside / RESULT).is_file() and not arguments.overwrite:
        raise RunError(f"{beside} exists: name another --out, or replace it with --overwrite.")


def _check_form(out: Path, examples: Examples) -> None:
    if out.suffix.lower() == ".npz":
        if examples.table is not None:
            raise SettingError(f"label: --out {out}: the rows of a table are written as a table; end it with .csv.")
        return
    from saddlepoint.data.tabular.packages import import_package

    import_package("pandas", "Writing labels as a table (.npz needs nothing)")
    if out.suffix.lower() == ".parquet":
        import_package("pyarrow", "Writing Parquet")


def _say(done: Labelled, output: Output) -> None:
    output.say(done.headline, "bold")
    output.say(f"  {done.choice}")
    for score in done.scores:
        one = score.accuracy
        output.say(f"  {score.method:<15} {one.value:.1%} [{one.low:.1%}, {one.high:.1%}] right in cross-validation")
    if done.note:
        output.say(f"  {done.method}: {done.note}")
    if done.temperature is None:
        output.say("  Probabilities are not calibrated, because there was no cross-validation.", "yellow")
    else:
        output.say(f"  probabilities calibrated with temperature {done.temperature:.2f}")
    if done.reliability:
        shown = done.reliability[0]
        output.say(
            f"  calibration error on {shown.of} {shown.error:.3f} (calibrated ones would show {shown.expected:.3f}, rarely above {shown.high:.3f})"
        )
    if done.tested is not None:
        for name, share in (
            (f"error on {done.tested.examples:,} held-out examples (inductive)", done.tested.inductive),
            (f"error on {done.tested.hidden:,} hidden labels (transductive)", done.tested.transductive),
            ("held-out error of the supervised baseline", done.tested.baseline),
        ):
            if share is not None:
                output.say(f"  {name} {1 - share.value:.1%} [{1 - share.high:.1%}, {1 - share.low:.1%}]")
    elif done.filled:
        counts = done.to_json()["filled_by_class"]
        listed = [f"{name} {count:,}" for name, count in zip(done.names, counts, strict=True)]
        more = f", and {len(listed) - NAMED} more classes" if len(listed) > NAMED else ""
        output.say(f"  filled: {', '.join(listed[:NAMED])}{more}")
    for note in done.examples.notes:
        output.say(f"  {note}")


def _parser() -> Parser:
    methods = "\n".join(f"  {name:<16} {entry.title}" for name, entry in METHODS.items())
    parser = Parser(
        "label",
        "Fill in missing labels with calibrated probabilities. Known labels are never changed.",
        "DATA --labels FILE|COLUMN --out FILE [options]",
        epilog=f"methods (auto tries those up to gaussians):\n{methods}",
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a table (CSV, TSV, Parquet), a folder of images, an .npy or .npz file, or a built-in name such as digits",
    )
    parser.add_argument(
        "--labels",
        metavar="FILE|COLUMN",
        help="the table's column, with empty cells; for images a CSV file of name,label; otherwise a file with a label in each line, or .npy; "
        "empty, NaN or, outside of tables, -1 is missing",
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="a table, or FILE.npz for what is no table")
    parser.add_argument("--method", default=AUTO, metavar="NAME", help="auto (the default) chooses by cross-validation")
    parser.add_argument(
        "--classes",
        metavar="A,B,...",
        help="names of all classes, each of which needs two labels (default: those that occur)",
    )
    parser.add_argument(
        "--per-class",
        type=int,
        metavar="N",
        help="an experiment: hide all labels but N of each class, and score what is found on held-out examples",
    )
    parser.add_argument("--folds", type=int, metavar="N", help="of the cross-validation (5, networks 3); 0 for none")
    parser.add_argument("--steps", type=int, metavar="N", help="training steps of networks")
    parser.add_argument("--size", type=int, metavar="N", help="images: height and width in pixels")
    add_schema(parser)
    add_seed(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    add_json(parser)
    return parser
