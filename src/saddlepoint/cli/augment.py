"""`saddlepoint augment DATA --per-class N --out FILE|FOLDER`: generate labelled examples, and measure whether they help."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.applications.augment.settings import ALTERNATIVES, AUTO, IMBALANCE, PER_CLASS, SPLITS
from saddlepoint.cli.arguments import Parser, add_json, add_schema, add_seed
from saddlepoint.cli.console import Output, console, print_json, progress_display
from saddlepoint.cli.destination import check_companion, check_file, check_place
from saddlepoint.errors import SettingError
from saddlepoint.records import read_json, replaced, write_json
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.applications.augment.augmented import Augmented
    from saddlepoint.applications.augment.examples import Examples

NAMED = 12  # classes that are listed


def run(argv: Sequence[str]) -> int:
    """Generate, write, measure; return the exit code."""
    arguments = _parser().read(argv)
    from saddlepoint.applications.augment.contest import choice_by_contest
    from saddlepoint.applications.augment.sources import read_examples
    from saddlepoint.applications.augment.start import check_request, generate, measure_gain
    from saddlepoint.data.tabular.schema import Schema

    check_request(arguments.per_class, arguments.splits, arguments.imbalance, arguments.seed, arguments.steps)
    schema = None if arguments.schema is None else Schema.read(arguments.schema)
    out = Path(arguments.out)
    examples = read_examples(arguments.data, target=arguments.target, schema=schema, size=arguments.size)
    request = _request(arguments, examples)
    there = _check_out(out, arguments.out, examples, request, arguments)
    output = console(arguments.json)
    beside = companion(out)
    trials = out.with_name(f".{out.name}.contest")
    with (
        progress_display() as display,
        choice_by_contest(examples, arguments.model, arguments.steps, arguments.seed, trials) as choose,
    ):
        done, plan = generate(
            examples, arguments.per_class, arguments.model, arguments.steps, arguments.seed, choose=choose,
            filtered=arguments.filter, splits=arguments.splits, sizes=arguments.sizes, imbalance=arguments.imbalance,
            measured=arguments.measure, report=display.report,
        )  # fmt: skip
        if not there:
            _write(done, out, arguments.out, request, overwrite=arguments.overwrite)
            display.say(str(out))
        if plan is not None:
            done = measure_gain(done, plan, beside / "splits", display.report)
    from saddlepoint.report.augmentation import write_augmentation_page

    document = write_json(beside / "result.json", done.to_json())
    page = write_augmentation_page(document, beside / "report.html")
    if arguments.json:
        print_json({"data": arguments.data, "out": str(out), "page": str(page), **document})
    else:
        _say(done, output)
        output.say(str(page))
    return 0


def companion(out: Path) -> Path:
    """The folder of the manifest, the page and the outcomes, beside what is written."""
    return out.with_name(f"{out.name}.augment")


def _request(arguments: Any, examples: Examples) -> dict[str, Any]:
    """What decides the generated data: an existing file of the same request is not written again."""
    names = ("per_class", "model", "steps", "seed", "filter", "size")
    return {"source_sha256": examples.digest, **{name: getattr(arguments, name) for name in names}}


def _check_out(out: Path, text: str, examples: Examples, request: dict[str, Any], arguments: Any) -> bool:
    """Check that the data can be written; return whether they are there already and only the measurement is to be continued."""
    from saddlepoint.applications.augment.examples import Rows

    beside = companion(out)
    interrupted = (
        not arguments.overwrite
        and out.exists()
        and (beside / "manifest.json").is_file()
        and not (beside / "result.json").exists()
        and read_json(beside / "manifest.json").get("request") == request
    )
    if isinstance(examples, Rows):
        from saddlepoint.data.tabular.writing import ENDINGS, table_ending

        if not table_ending(out):
            raise SettingError(f"augment: --out {out} must end with one of {', '.join(ENDINGS)}.")
        source = Path(arguments.data).expanduser()
        if out.resolve() == source.resolve():
            raise SettingError(f"augment: --out {out} is the table itself; name another file.")
        check_file("augment", out, overwrite=arguments.overwrite or interrupted)
    elif not interrupted:
        from saddlepoint.cli.samples import Destination

        if Destination.of(text, Path("samples.npz"), overwrite=arguments.overwrite).form not in ("arrays", "folder"):
            raise SettingError(
                f"augment: --out {out}: end it with .npz (arrays), or / (a folder with a folder for each class)."
            )
    check_place("augment", beside / "manifest.json")
    check_companion(beside, "manifest.json")
    return interrupted


def _write(done: Augmented, out: Path, text: str, request: dict[str, Any], *, overwrite: bool) -> None:
    """The data and their manifest: if either cannot be written, neither appears."""
    from saddlepoint.applications.augment.examples import Images, Rows

    beside, examples = companion(out), done.drawn.examples
    beside.mkdir(parents=True, exist_ok=True)
    (beside / "result.json").unlink(missing_ok=True)
    with ExitStack() as stack:
        file = stack.enter_context(replaced(beside / "manifest.json"))
        json.dump(number_to_json({"out": str(out), **done.manifest(), "request": request}), file, indent=2)
        if isinstance(examples, Rows):
            from saddlepoint.data.tabular.writing import write_frame

            write_frame(examples.frame, out, examples.schema, overwrite=overwrite)
        else:
            from saddlepoint.cli.samples import Destination, write

            assert isinstance(examples, Images)
            destination = Destination.of(text, Path("samples.npz"), overwrite=overwrite)
            write(examples.x, examples.y, examples.event, destination)


def _say(done: Augmented, output: Output) -> None:
    output.say(done.headline, "bold")
    counts = [f"{name} {count:,}" for name, count in zip(done.real.names, done.drawn.examples.counts, strict=True)]
    more = f", and {len(counts) - NAMED} more classes" if len(counts) > NAMED else ""
    output.say(f"  generated by {done.model}: {', '.join(counts[:NAMED])}{more}")
    rejected = [f"{count:,} {reason}" for reason, count in done.drawn.rejected.items() if count]
    output.say(
        f"  rejected {sum(done.drawn.rejected.values()):,} of {done.drawn.drawn:,}: {', '.join(rejected) or 'none'}"
    )
    for note in done.notes:
        output.say(f"  {note}")
    if done.measured is None:
        return
    for result in done.measured.scenarios:
        output.say(
            f"  {result.title} ({result.n:,} real; macro F1 over {done.measured.splits} splits, difference to real)"
        )
        for one in result.comparisons:
            change = one.difference
            gain = (
                ""
                if one.alternative == "real"
                else f"  {change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}] {one.verdict}"
            )
            output.say(f"    {one.alternative:<17} {one.score.value:.3f}{gain}")
    output.say(f"  {done.measured.recommendation}")


def _parser() -> Parser:
    trained = "\n".join(f"  {name:<17} {entry.title}" for name, entry in ALTERNATIVES.items())
    parser = Parser(
        "augment",
        "Generate labelled examples of every class, and measure on real test examples whether they help a classifier.",
        "DATA --out FILE [options]",
        epilog=f"what is compared:\n{trained}",
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a table (CSV, TSV, Parquet), a folder with a folder of images for each class, an .npz file, or digits",
    )
    parser.add_argument("--out", required=True, metavar="OUT", help="a table, or for images FILE.npz or FOLDER/")
    parser.add_argument("--target", metavar="COLUMN", help="tables: the column of classes")
    parser.add_argument(
        "--per-class",
        type=int,
        default=PER_CLASS,
        metavar="N",
        help=f"examples to generate of each class ({PER_CLASS})",
    )
    parser.add_argument(
        "--model",
        default=AUTO,
        metavar="NAME",
        help="a conditional recipe, or the folder of a trained run; auto (the default) chooses by the kind and size of the data, and "
        "auto-table by a contest between the recipes for tables (at most 5 minutes)",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="training steps (default: those of the recipe)")
    parser.add_argument("--size", type=int, metavar="N", help="images: height and width in pixels")
    add_schema(parser)
    parser.add_argument(
        "--no-filter",
        dest="filter",
        action="store_false",
        help="keep examples that look like another class, are far from all real ones, or copy one",
    )
    parser.add_argument("--no-measure", dest="measure", action="store_false", help="generate, without the measurement")
    parser.add_argument("--splits", type=int, default=SPLITS, metavar="N", help=f"splits of the measurement ({SPLITS})")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        metavar="N",
        help="numbers of real training examples to measure with (all and a quarter)",
    )
    parser.add_argument(
        "--imbalance",
        type=int,
        default=IMBALANCE,
        metavar="N",
        help=f"also measure with every second class N times rarer than the largest ({IMBALANCE}); 1 leaves this out",
    )
    add_seed(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    add_json(parser)
    return parser
