"""Options that tables of trained models share, and the training of the trials that are missing."""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tables.outcomes import AnyTrial, append_outcome, unfinished

SHORT = {"training.steps": 5, "evaluation.samples": 40, "data.points": 1_000}
"""Settings of a quick run."""


def argument_parser(description: str | None, seeds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that tables share: --keep, --seeds, --minutes, --part and --quick.

    Args:
        description: of the program.
        seeds: the default number of training seeds, which a section of RESULTS.md needs.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=seeds, help=f"training seeds of a row ({seeds})")
    add_options(parser)
    return parser


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --keep, --minutes, --part and --quick."""
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="folder of outcomes (benchmarks/outcomes; a temporary one with --quick)",
    )
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="begin no trial after so many; 0 trains nothing"
    )
    parser.add_argument(
        "--part", type=part, default=slice(None), metavar="I/N", help="train every Nth trial from the Ith on, I from 0"
    )
    parser.add_argument("--quick", action="store_true", help="a few steps of few trials; writes nothing")


def part(text: str) -> slice:
    """The trials that "I/N" stands for: every Nth, from the Ith on.

    Raises:
        argparse.ArgumentTypeError: not two whole numbers with 0 <= I < N.
    """
    first, _, every = text.partition("/")
    if not (first.isdecimal() and every.isdecimal() and int(first) < int(every)):
        raise argparse.ArgumentTypeError(f"{text} must be I/N with I from 0 to N - 1, such as 0/2 and 1/2")
    return slice(int(first), None, int(every))


def train_missing(
    wanted: Sequence[AnyTrial],
    file: Path,
    minutes: float,
    train: Callable[[AnyTrial], Any],
    describe: Callable[[AnyTrial, Any], str],
) -> None:
    """Train the trials that have no outcome yet, and append theirs; with progress and the time left.

    Args:
        wanted: in the order in which they are trained.
        file: of outcomes.
        minutes: no trial is begun after this time.
        train: returns the outcome of a trial, a dataclass that JSON can hold.
        describe: one line about a trial and its outcome.
    """
    began, spent = time.monotonic(), list[float]()
    todo = unfinished(wanted, file)
    for index, trial in enumerate(todo):
        if time.monotonic() - began >= 60 * minutes:
            print(f"{len(todo) - index} trials are left for another call", file=sys.stderr, flush=True)
            return
        started = time.monotonic()
        outcome = train(trial)
        spent.append(time.monotonic() - started)
        append_outcome(file, trial, outcome)
        left = statistics.mean(spent) * (len(todo) - index - 1) / 60
        said = f"{describe(trial, outcome)}, {spent[-1]:.0f} s; about {left:.0f} min left"
        print(f"{index + 1}/{len(todo)} {said}", file=sys.stderr, flush=True)
