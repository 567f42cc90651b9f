"""`saddlepoint resume RUN`: go on from the newest whole checkpoint, as if the run had never been interrupted."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from saddlepoint.cli import ending
from saddlepoint.cli.arguments import Parser
from saddlepoint.cli.console import console
from saddlepoint.cli.progress import TrainingProgress


def run(argv: Sequence[str]) -> int:
    """Resume; returns the exit code."""
    parser = Parser("resume", "Go on with an interrupted run; with --steps, train a finished one further.")
    parser.add_argument("run", metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--steps", "--training.steps", type=int, metavar="N", help="train to step N instead of the recipe's last"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    ending.add_fail_on(parser)
    parser.add_argument("--quiet", action="store_true", help="print findings and the last sentence alone")
    arguments = parser.read(argv)
    output = console(arguments.json)
    if not arguments.quiet:
        output.say(f"{arguments.run}: resuming", "bold")
        output.say("Loading PyTorch, the data and the model ...")
    from saddlepoint import experiment
    from saddlepoint.data.progress import shown

    loading = contextlib.nullcontext() if arguments.quiet else shown()
    with loading, TrainingProgress(output, quiet=arguments.quiet) as progress:
        done = experiment.resume(arguments.run, steps=arguments.steps, listener=progress)
    return ending.trained(done, arguments, output)
