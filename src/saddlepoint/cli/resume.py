"""`saddlepoint resume RUN`: continue from the newest complete checkpoint, as if the run had never been interrupted."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from saddlepoint.cli import ending
from saddlepoint.cli.arguments import Parser, add_json, add_networks, add_trust, is_recipe_setting, networks_of
from saddlepoint.cli.console import console
from saddlepoint.cli.run_display import RunDisplay
from saddlepoint.records import shell_command


def run(argv: Sequence[str]) -> int:
    """Resume; return the exit code."""
    parser = Parser("resume", "Continue an interrupted run; with --steps, train a finished one further.")
    parser.add_argument("run", metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--steps", "--training.steps", type=int, metavar="N", help="train to step N instead of the recipe's last step"
    )
    parser.add_argument(
        "--keep-rate",
        action="store_true",
        help="with --steps: keep the end of a cosine or linear schedule where it was, instead of stretching the schedule, so "
        "that the learning rate continues from its present value",
    )
    ending.add_no_pictures(parser)
    add_json(parser)
    add_trust(parser)
    add_networks(parser)
    ending.add_fail_on(parser)
    parser.add_argument("--quiet", action="store_true", help="print only findings and the verdict")
    _refuse_settings(parser, argv)
    arguments = parser.read(argv)
    output = console(arguments.json)
    if not arguments.quiet:
        output.say(f"{arguments.run}: resuming", "bold")
        output.say("Loading PyTorch, the data and the model ...")
    from saddlepoint import experiment
    from saddlepoint.progress import visible

    loading = contextlib.nullcontext() if arguments.quiet else visible()
    with loading, RunDisplay(output, quiet=arguments.quiet) as progress:
        done = experiment.resume(
            arguments.run,
            steps=arguments.steps,
            keep_rate=arguments.keep_rate,
            modules=networks_of("resume", arguments.network),
            trust=arguments.trust,
            pictures=arguments.pictures,
            listener=progress,
        )
    return ending.finish_training(done, arguments, output)


def _refuse_settings(parser: Parser, argv: Sequence[str]) -> None:
    """Refuse other settings: a run continues with its own, and `train` takes new ones."""
    for token in argv:
        name = token.removeprefix("--").partition("=")[0]
        if token.startswith("--") and name != "training.steps" and (name == "cure" or is_recipe_setting(name)):
            run = next((other for other in argv if not other.startswith("-")), "RUN")
            parser.error(
                f"a run goes on with the settings it has, got --{name}; to train with others, from the first step: "
                f"{shell_command('train', run, f'--{name} ...')}"
            )
