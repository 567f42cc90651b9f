"""`saddlepoint diagnose RUN`: apply the rules to a run's records, or to another program's log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from saddlepoint.cli import ending
from saddlepoint.cli.arguments import Parser, add_json
from saddlepoint.cli.console import PROCESS_STYLES, Output, console, print_json
from saddlepoint.errors import SettingError
from saddlepoint.records import explained, options

if TYPE_CHECKING:
    from saddlepoint.experiment.diagnosed import Diagnosed

ORDER = ("first", "second", "third")


def run(argv: Sequence[str]) -> int:
    """Print the verdict and the findings; return the exit code."""
    parser = Parser(
        "diagnose",
        "Say what went wrong in a run, also while it trains, or in the log of another program: CSV, JSON lines, trainer_state.json, a "
        "Keras history, printed lines, or a folder of TensorBoard events.",
    )
    parser.add_argument(
        "run", metavar="RUN|LOG|-", help="the run's folder, a log, a folder with a log, or - for standard input"
    )
    parser.add_argument(
        "--objective", metavar="NAME,...", help="for a log: what was trained, such as non-saturating or vae"
    )
    parser.add_argument(
        "--map",
        metavar="SERIES=COLUMN,...",
        help="for a log: which column holds which series, such as d/loss=loss_D,step=epoch",
    )
    add_json(parser)
    ending.add_fail_on(parser)
    arguments = parser.read(argv)
    from saddlepoint.experiment.diagnosing import diagnose

    objective = arguments.objective.split(",") if arguments.objective else None
    found = diagnose(arguments.run, objective=objective, columns=_columns(arguments.map))
    if arguments.json:
        print_json(found.to_json())
    else:
        (_print_diagnosis if found.answer is None else _print_answer)(found, console())
    return ending.exit_code(found.findings, arguments.fail_on)


def _columns(text: str | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")] if text else []
    for series, equals, column in pairs:
        if not (series and equals and column):
            raise SettingError(f'diagnose: --map takes SERIES=COLUMN pairs separated by commas; got "{text}".')
    return {series: column for series, _, column in pairs}


def _print_diagnosis(found: Diagnosed, output: Output) -> None:
    output.say(found.headline, PROCESS_STYLES.get(found.process or ""))
    output.say(f"{found.source}, {found.steps:,} steps. {found.verdict}")
    for finding in found.findings:
        output.say_finding(finding)
        if finding.remedy:
            output.say(f"    Try: {options(finding.remedy)}{explained(finding.remedy)}")
    over = sorted({finding.code for finding in found.log} - {finding.code for finding in found.findings})
    if over:
        output.say(f"Found earlier and over since: {', '.join(over)}.")
    output.say(f"Checked: {', '.join(found.asked) or 'nothing'}.")
    for code, series in found.unasked.items():
        output.say(f"Not checked: {code}, because {', '.join(series)} {'is' if len(series) == 1 else 'are'} missing.")
    if found.not_meant:
        output.say(f"Does not apply here ({', '.join(found.objectives)}): {', '.join(found.not_meant)}.")


def _print_answer(found: Diagnosed, output: Output) -> None:
    """Print the answer for somebody else's log: what it is, how sure, what to try, what to log next time."""
    answer = found.answer
    assert answer is not None
    output.say(answer.headline, PROCESS_STYLES.get(found.process or ""))
    rows = f"{answer.rows:,} rows" + ("" if answer.unit == "row" else f" to {answer.unit} {found.steps:,}")
    output.say(f"{found.source}: {answer.kind}, {rows}. {' '.join(answer.columns)}")
    for line in (*answer.notes, answer.objective):
        if line:
            output.say(line)
    output.say()
    output.say(f"{'Most likely: ' if answer.how_sure else ''}{answer.most_likely}")
    if answer.how_sure:
        output.say(f"How sure: {answer.how_sure}.")
    for possibility in answer.possibilities:
        output.say(f"  {possibility}")
        for order, step in zip(ORDER, possibility.steps, strict=False):
            output.say(f"    {order}: {step}")
    for order, step in zip(ORDER, answer.steps, strict=False):
        output.say(f"Try {order}: {step}")
    for title in answer.also:
        output.say(f"Also: {title}")
    for line in answer.help:
        output.say(f"What would help: {line}")
    output.say()
    output.say("Log next time:")
    for number in answer.numbers:
        output.say(f"  - {number}.")
    output.say("Three lines record these in a PyTorch loop (docs/watch.md):")
    for line in answer.lines:
        output.say(f"    {line}")
