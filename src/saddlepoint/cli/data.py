"""`saddlepoint data SOURCE`: describe a data source and check it before training."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.cli import ending
from saddlepoint.cli.arguments import Parser, add_json, split_settings
from saddlepoint.cli.console import Output, console, print_json
from saddlepoint.cli.destination import check_file
from saddlepoint.data import describe_sources
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SettingError, shortened
from saddlepoint.recipe import Recipe, fields
from saddlepoint.records import replaced
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.data import Dataset
    from saddlepoint.data.tabular.codec import TableCodec

SCHEMA_ENDINGS = (".yaml", ".yml")
SHOWN, NAMED, SAID = 64, 20, 3  # examples in a picture, classes listed, texts quoted


def run(argv: Sequence[str]) -> int:
    """Describe and check a source; return the exit code."""
    settings, rest = split_settings(
        argv, lambda name: name.startswith("data.") or (name in DataSettings.model_fields and name != "source")
    )
    parser = _parser()
    arguments = parser.read(rest, lambda: [f"data.{name}" for name in DataSettings.model_fields])
    if arguments.list:
        return _list_sources(arguments.json)
    if arguments.source is None:
        parser.error("name a source, built-in or a path (`saddlepoint data --list` lists the built-in ones)")
    if arguments.batch_size < 1:
        raise SettingError(f"data: --batch-size must be at least 1, got {arguments.batch_size}.")
    if arguments.out is not None:
        check_file("data", Path(arguments.out), [".png", *SCHEMA_ENDINGS], overwrite=arguments.overwrite)
    changes = {name if "." in name else f"data.{name}": value for name, value in settings.items()}
    recipe = Recipe().override({"data.source": arguments.source, **changes}, where="data")
    output = console(arguments.json)
    output.say(f"Loading {arguments.source} ...")
    from saddlepoint import data
    from saddlepoint.data.preflight import preflight
    from saddlepoint.diagnosis.remedies import propose
    from saddlepoint.progress import visible

    with visible():
        dataset = data.load(recipe.data)
    # There is no model yet; most models of bounded data have outputs in [-1, 1].
    makes = (-1.0, 1.0) if dataset.event.bounded else None
    scaling = dataset.event.scaling("symmetric")
    findings = preflight(dataset, arguments.batch_size, makes, scaling=scaling, propose=propose)
    facts = describe_dataset(dataset)
    if arguments.out is not None and arguments.out.endswith(SCHEMA_ENDINGS):
        _write_schema(dataset, Path(arguments.out))
        facts["schema_file"] = arguments.out
    elif arguments.out is not None:
        _draw(dataset, Path(arguments.out))
        facts["picture"] = arguments.out
    if arguments.json:
        print_json(number_to_json({**facts, "findings": [finding.to_json() for finding in findings]}))
    else:
        _say(facts, output, dataset.table)
        for finding in findings:
            output.say_finding(finding)
        if not findings:
            output.say("Nothing found that speaks against training on it.", "green")
        if arguments.out is None and dataset.table is not None:
            output.say(
                f"To correct the kinds of columns: saddlepoint data {shlex.join(argv)} --out schema.yaml; then train with --data.schema "
                "schema.yaml"
            )
        elif arguments.out is None:
            output.say(f"To see examples: saddlepoint data {shlex.join(argv)} --out examples.png")
    return ending.exit_code(findings, arguments.fail_on)


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """A dataset as JSON values: mean, standard deviation and range are of its training part, in its own units."""
    from saddlepoint.data.alphabet import decode

    event, x = dataset.event, dataset.x
    facts: dict[str, Any] = {
        "name": dataset.name,
        "examples": len(dataset),
        "held_out": len(dataset.held_out) if dataset.held_out is not None else 0,
        "kind": event.kind,
        "shape": list(event.shape),
        "dtype": event.dtype,
        "bytes": x.numel() * x.element_size(),
        "range": [x.min().item(), x.max().item()],
        "known_range": [event.low, event.high] if event.bounded else None,
        "mean": list(event.mean),
        "std": list(event.std),
        "rate": event.rate,
        "alphabet": None if event.alphabet is None else list(event.alphabet),
        "first": decode(x[:SAID], event.alphabet) if event.alphabet is not None else None,
        "classes": None,
        "fingerprint": dataset.fingerprint,
        "notes": list(dataset.notes),
    }
    if dataset.table is not None:
        facts["schema"] = dataset.table.schema.model_dump(mode="json")
        facts["encoding"] = dataset.table.encoding
    if dataset.y is not None:
        import torch

        names = event.class_names or tuple(str(label) for label in range(int(dataset.y.max()) + 1))
        counts = torch.bincount(dataset.y[dataset.y >= 0], minlength=len(names)).tolist()
        facts["classes"] = dict(zip(names, counts, strict=True))
    return facts


def _say(facts: dict[str, Any], output: Output, table: TableCodec | None) -> None:
    from saddlepoint.cli.schema_table import say_schema
    from saddlepoint.data.alphabet import holds_bytes

    shape = "x".join(map(str, facts["shape"]))
    low, high = facts["range"]
    known = (
        ""
        if facts["known_range"] is None
        else f" of a possible {facts['known_range'][0]:g} to {facts['known_range'][1]:g}"
    )
    output.say(facts["name"], "bold")
    output.say(f"  examples     {facts['examples']:,} to train on, {facts['held_out']:,} held out")
    lasts = (
        f", {facts['shape'][-1] / facts['rate']:.3g} s at {facts['rate']:,g} samples a second" if facts["rate"] else ""
    )
    size = f"{facts['bytes'] / 1e6:,.1f} MB in all"
    output.say(f"  one example  {facts['kind']} of {shape}, {facts['dtype']}{lasts}; {size}")
    if facts["alphabet"] is not None:
        symbols = "".join(facts["alphabet"]) if not holds_bytes(facts["alphabet"]) else " ".join(facts["alphabet"])
        output.say(f"  alphabet     {len(facts['alphabet'])} symbols: {shortened(repr(symbols))}")
        for number, text in enumerate(facts["first"], 1):
            output.say(f"  {f'text {number}':<12} {shortened(repr(text))}")
    elif table is not None:
        output.say(
            f"  encoding     {table.encoding}: {len(table.columns)} of {len(table.schema.columns)} columns as vectors"
        )
        say_schema(table.schema, output)
    else:
        output.say(f"  values       {low:.4g} to {high:.4g}{known}")
        output.say(f"  mean, std    {_numbers(facts['mean'])}; {_numbers(facts['std'])}")
    if facts["classes"] is not None:
        counts = [f"{name} {count:,}" for name, count in facts["classes"].items()]
        more = f", and {len(counts) - NAMED} more" if len(counts) > NAMED else ""
        output.say(f"  classes      {len(counts)}: {', '.join(counts[:NAMED])}{more}")
    output.say(f"  fingerprint  {facts['fingerprint']}")
    for note in facts["notes"]:
        output.say(f"  note         {note}")
    if "picture" in facts:
        output.say(f"  picture      {facts['picture']}")
    if "schema_file" in facts:
        output.say(
            f"  schema       {facts['schema_file']}: edit it, and give it as --data.schema {facts['schema_file']}"
        )


def _numbers(values: list[float]) -> str:
    shown = ", ".join(f"{value:.4g}" for value in values[:6])
    return f"{shown}, ... ({len(values)} columns)" if len(values) > 6 else shown


def _write_schema(dataset: Dataset, path: Path) -> None:
    """Write the schema of a table as YAML; raises SettingError where the data are no table."""
    if dataset.table is None:
        raise SettingError(
            f"data: --out {path}: {dataset.name} is no table, so that there is no schema; end it with .png."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path) as file:
        file.write(dataset.table.schema.to_yaml())


def _draw(dataset: Dataset, path: Path) -> None:
    """Draw the first examples in the picture that is natural for them, or all points of a table."""
    from saddlepoint.data.alphabet import drawable
    from saddlepoint.figures.samples import show_samples
    from saddlepoint.figures.style import write_png

    event = dataset.event
    x = dataset.x if event.kind == "vector" else dataset.x[:SHOWN]
    path.parent.mkdir(parents=True, exist_ok=True)
    low, high = event.low, event.high
    picture = show_samples(drawable(x, event), event.kind, low=low, high=high, rate=event.rate, title=dataset.name)
    write_png(picture, path)


def _list_sources(as_json: bool) -> int:
    sources = describe_sources()
    if as_json:
        print_json(sources)
        return ending.DONE
    width = max(map(len, sources))
    for name, description in sources.items():
        print(f"{name:<{width}}  {description}")
    print(
        "\nOr a path: a folder of images, of sounds (.wav), of volumes or time series (.npy), subfolders being classes; a text or a "
        "folder of them (.txt); a .wav, .npy or .npz file; an IDX file or a folder of them; a table (.csv, .tsv, .parquet)."
    )
    return ending.DONE


def _parser() -> Parser:
    plain = "\n".join(
        f"  --{entry.name} {entry.type_text}: {entry.help}" for entry in fields(DataSettings) if entry.name != "source"
    )
    parser = Parser(
        "data",
        "Describe a data source (a built-in name or a path) and check it before training. Settings of a recipe's data "
        "section are written --size 32 or --data.size 32.",
        "SOURCE [--SETTING VALUE ...] [options]",
        epilog=f"settings:\n{plain}",
    )
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="a built-in name, or a path")
    parser.add_argument("--list", action="store_true", help="list the built-in sources")
    parser.add_argument(
        "--batch-size", type=int, default=64, metavar="N", help="batch size to check the data for (default: 64)"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="FILE.png: draw examples into this picture; FILE.yaml: the schema of a table, to edit",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace that file if it exists")
    add_json(parser)
    ending.add_fail_on(parser)
    return parser
