"""`saddlepoint evaluate ROWS --real TABLE`: measure rows of any program, and print the scores of rows of a table."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from saddlepoint.cli.console import Output, console, print_json, progress_display
from saddlepoint.cli.destination import check_file
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.tables.card import BASELINES, TableCard

if TYPE_CHECKING:
    from saddlepoint.evaluation.scorecard.score import Estimate

ARROWS = {"lower": "↓", "higher": "↑", "none": " "}
HEADINGS = {"real": "real", "duplicated": "duplicated", "smote": "SMOTE", "copula": "copula"}
WIDTH = 140  # without a terminal
OF_RUNS = (  # options that a file of rows does not have
    "features", "data", "network", "force", "again", "trust", "samples", "seeds", "step", "likelihood", "device",
)  # fmt: skip
PAGE = (".html",)


def is_rows(names: list[str]) -> bool:
    """Whether the arguments are one file of rows rather than folders of runs."""
    from saddlepoint.data.tabular.writing import table_ending

    return len(names) == 1 and bool(table_ending(Path(names[0]))) and not Path(names[0]).is_dir()


def evaluate_rows(arguments: argparse.Namespace, usual: argparse.Namespace) -> int:
    """Measure a file of rows against files of real rows; return the exit code.

    Args:
        arguments: of the command.
        usual: the same without options.
    """
    rows, *others = arguments.run
    if others:
        raise SettingError(
            f"evaluate: --real compares one table of rows with the real ones, and {len(arguments.run)} are named; give one at a time."
        )
    if Path(rows).is_dir():
        raise SettingError(
            f"evaluate: --real is for a table of rows, and {rows} is a folder; leave --real out for a run."
        )
    if arguments.real is None:
        raise SettingError(
            f"evaluate: {rows} is a table of rows; name the real rows that they imitate: --real TABLE (and --test TABLE, if some were held out)."
        )
    for name in OF_RUNS:
        if getattr(arguments, name) != getattr(usual, name):
            raise SettingError(f"evaluate: --{name} is for runs, and {rows} is a table of rows; leave it out.")
    if not 0 <= arguments.seed < 2**32:
        raise SettingError(f"evaluate: --seed is from 0 to {2**32 - 1:,}, got {arguments.seed}.")
    if arguments.page is not None and arguments.out is not None:
        raise SettingError("evaluate: --page and --out both name the page of a table of rows; leave one of them out.")
    option = "--out" if arguments.page is None else "--page"
    named = arguments.out if arguments.page is None else arguments.page
    page = None if named is None else Path(named)
    if page is not None:
        check_file("evaluate", page, PAGE, overwrite=arguments.overwrite, option=option)
    from saddlepoint.data.tabular.schema import Schema
    from saddlepoint.evaluation.tables.assess import read_tables
    from saddlepoint.evaluation.tables.compare import compare_tables

    output = console(arguments.json)
    schema = None if arguments.schema is None else Schema.read(arguments.schema)
    tables = read_tables(rows, arguments.real, arguments.test, schema)
    with progress_display() as display:
        card = compare_tables(
            tables.train,
            tables.test,
            tables.generated,
            tables.schema,
            target=arguments.target,
            seed=arguments.seed,
            names=tables.names,
            progress=display.report,
        )
    if page is not None:
        from saddlepoint.evaluation.tables.pictures import picture_columns, strongest_pairs
        from saddlepoint.report.tables import write_table_page

        real = tables.train if tables.test is None else tables.test
        columns = picture_columns(real, tables.generated, tables.schema, arguments.seed)
        page.parent.mkdir(parents=True, exist_ok=True)
        write_table_page(card, columns, strongest_pairs(columns), page)
    if arguments.json:
        print_json({**card.to_json(), "page": None if page is None else str(page)})
        return 0
    show_card(output, card)
    if page is not None:
        output.say(str(page))
    return 0


def show_card(output: Output, card: TableCard) -> None:
    """Print the answer, the scores beside their baselines, what was not measured, and notes.

    Args:
        output: for the user.
        card: the scores.
    """
    output.say(card.headline, "bold")
    if card.answer:
        output.say(f"  {card.answer}")
    counts = ", ".join(f"{number:,} {name}" for name, number in card.rows.items() if number)
    output.say(f"  rows: {counts}; target: {card.target or 'none'}")
    if not output.is_terminal:
        output.width = max(WIDTH, output.width)
    output.print(_table(card), highlight=False)
    output.say(
        "  duplicated: training rows drawn again; SMOTE: rows between near training rows; copula: Gaussian copula"
    )
    for score in card.scores:
        worst = [f"{name} {value:.2f}" for name, value in score.parts[:3] if value < 1]
        if worst and score.metric in ("shapes", "trends", "valid"):
            output.say(f"  {score.title}, lowest: {', '.join(worst)}")
    for skipped in card.skipped:
        output.say(f"  Not measured: {skipped.title}: {skipped.reason}")
    for note in card.notes:
        output.say(f"  Note: {note}", "yellow")


def _table(card: TableCard) -> Table:
    from saddlepoint.evaluation.tables.answer import short

    rows = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    rows.add_column("score")
    rows.add_column("")
    for name in ("rows", "95 % interval", *(HEADINGS[name] for name in BASELINES)):
        rows.add_column(name, justify="right", no_wrap=True)
    rows.add_column("")
    for score in card.scores:
        rows.add_row(
            score.title,
            ARROWS[score.better],
            short(score.value.value),
            _interval(score.value),
            *(_baseline(score.baselines, name) for name in BASELINES),
            "unlike real rows" if score.differs_from_real else "",
        )
    return rows


def _baseline(baselines: Mapping[str, Estimate], name: str) -> str:
    from saddlepoint.evaluation.tables.answer import short

    return short(baselines[name].value) if name in baselines else "-"


def _interval(estimate: Estimate) -> str:
    from saddlepoint.evaluation.tables.answer import short

    if estimate.low is None or estimate.high is None:
        return ""
    return f"{short(estimate.low)} to {short(estimate.high)}"


def card_document(card: TableCard | None) -> dict[str, Any]:
    """What `--json` adds to the scorecard of a run on a table: its card, or nothing."""
    return {} if card is None else {"table": card.to_json()}
