"""`saddlepoint train auto-table`: choose a recipe for a table by a contest, and train the winner as an ordinary run."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from saddlepoint.cli import ending
from saddlepoint.cli.arguments import Parser
from saddlepoint.cli.console import Output, console, progress_display
from saddlepoint.cli.run_display import RunDisplay
from saddlepoint.errors import SettingError

if TYPE_CHECKING:
    from saddlepoint.experiment.contest.outcome import Contest

SECTIONS = ("data", "training", "evaluation")


def run_contest(settings: Mapping[str, Any], arguments: argparse.Namespace, parser: Parser) -> int:
    """Hold the contest and train the winner; return the exit code.

    Args:
        settings: of the recipe by dotted name, from the command line.
        arguments: of `saddlepoint train`.
        parser: prints the help.
    """
    if arguments.help:
        print(parser.format_help(), end="")
        return ending.DONE
    if arguments.dry_run:
        raise SettingError(
            "auto-table: what it will train is known after the contest; leave --dry-run out, or name a recipe."
        )
    for name in settings:
        if name.partition(".")[0] not in SECTIONS:
            raise SettingError(f"auto-table: --{name}: each recipe has its own; leave it out, or train one recipe.")
    if arguments.contest_minutes is not None and not 0 < arguments.contest_minutes < 1e6:
        raise SettingError(f"auto-table: --contest-minutes must be greater than 0, got {arguments.contest_minutes:g}.")
    output = console(arguments.json)
    if not arguments.quiet:
        output.say("Loading PyTorch and the table ...")
    from saddlepoint import experiment
    from saddlepoint.experiment.contest.start import MINUTES, choose_recipe
    from saddlepoint.progress import visible

    minutes = MINUTES if arguments.contest_minutes is None else arguments.contest_minutes
    if not arguments.quiet:
        output.say(
            f"Contest between the recipes for tables on splits of the training rows, at most {minutes:g} min", "bold"
        )
    with _saying_how_to_go_on(output), progress_display() as display:
        found = choose_recipe(
            settings,
            None,
            {"minutes": minutes},
            run=arguments.run,
            overwrite=arguments.overwrite,
            report=(lambda what, share: None) if arguments.quiet else display.report,
        )
    if not arguments.quiet:
        _say(found, output)
    sections = {
        section: {name.partition(".")[2]: value for name, value in settings.items() if name.startswith(f"{section}.")}
        for section in SECTIONS
    }
    loading = contextlib.nullcontext() if arguments.quiet else visible()
    with loading, RunDisplay(output, quiet=arguments.quiet) as progress:
        done = experiment.train(
            found.winner,
            data=sections["data"],
            training=sections["training"],
            evaluation=sections["evaluation"],
            run=arguments.run,
            overwrite=arguments.overwrite,
            pictures=arguments.pictures,
            listener=progress,
            contest=found,
        )
    return ending.finish_training(done, arguments, output)


@contextlib.contextmanager
def _saying_how_to_go_on(output: Output) -> Iterator[None]:
    """Tell who interrupts the contest that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        output.say("Finished trials of the contest are kept: the same command goes on with the others.")
        raise


def _say(found: Contest, output: Output) -> None:
    """Print the candidates, the best first."""
    f1 = found.real.get("macro_f1")
    if found.real:
        named = "" if f1 is None else f", macro F1 {f1:.3f}"
        output.say(f"  {'real rows':<17} distance {found.real['wasserstein']:.4g}{named}")
    for entry in found.entries:
        named = "" if entry.macro_f1 is None else f", macro F1 {entry.macro_f1:.3f}"
        left = "" if entry.splits == found.splits else f", left after {entry.splits}"
        output.say(
            f"  {entry.recipe:<17} distance {entry.wasserstein:.4g}{named}, loss {entry.loss:.1%}, {entry.seconds:.2g} s a split{left}"
        )
    for name, why in found.failed.items():
        output.say(f"  {name:<17} could not be tried: {why}")
