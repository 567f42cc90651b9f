"""A table of trained models grows over several calls: a finished trial is kept in a file and not done again."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar


class Trial(Protocol):
    """One entry of a table."""

    def place(self, keep: Path) -> Path:
        """The file of its outcome in the folder `keep`."""


AnyTrial = TypeVar("AnyTrial", bound=Trial)
AnyOutcome = TypeVar("AnyOutcome")
Key = TypeVar("Key")


def outcome_file(keep: Path, name: str, recipe: Any, *further: Any) -> Path:
    """Return the file of an outcome, under a hash of what determines the outcome, except the code and the contents of data files.

    Settings with their defaults are not part of the hash, so that outcomes are still found when a version has more settings. A default
    that changes is therefore not noticed, no more than code that does.

    Args:
        keep: the folder of outcomes.
        name: of the trial, for people.
        recipe: the `Recipe`.
        *further: what else determines the outcome, such as the number of samples.
    """
    sections = {"data", "model", "training", "evaluation"}
    decisive = [recipe.model_dump(mode="json", include=sections, exclude_defaults=True), *further]
    seal = hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()
    return keep / f"{name.replace(', ', '-').replace(' ', '-')}-{seal[:12]}.json"


def argument_parser(description: str | None, seeds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that tables share: --keep, --seeds, --minutes, --part and --quick.

    Args:
        description: of the program.
        seeds: the default number of training seeds, which a section of RESULTS.md needs.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder of outcomes; without it they are thrown away")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"training seeds of a row ({seeds})")
    add_options(parser)
    return parser


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --minutes, --part and --quick."""
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no trial after so many")
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


@contextlib.contextmanager
def folder_of_outcomes(keep: Path | None) -> Iterator[Path]:
    """The folder of outcomes; a temporary one if none is given."""
    with tempfile.TemporaryDirectory() as scratch:
        yield keep or Path(scratch)


def train_missing(
    wanted: Sequence[AnyTrial],
    keep: Path,
    minutes: float,
    train: Callable[[AnyTrial], Any],
    describe: Callable[[AnyTrial, Any], str],
) -> None:
    """Train the missing trials, with progress and the time left.

    Args:
        wanted: in the order in which they are trained.
        keep: the folder of outcomes.
        minutes: no trial is begun after this time.
        train: returns the outcome of a trial, a dataclass that JSON can hold.
        describe: one line about a trial and its outcome.
    """
    keep.mkdir(parents=True, exist_ok=True)
    began, spent = time.monotonic(), list[float]()
    todo = [trial for trial in wanted if not trial.place(keep).exists()]
    for index, trial in enumerate(todo):
        if time.monotonic() - began > 60 * minutes:
            print(f"{len(todo) - index} trials are left for another call", file=sys.stderr, flush=True)
            return
        started = time.monotonic()
        outcome = train(trial)
        spent.append(time.monotonic() - started)
        place = trial.place(keep)
        unfinished = place.with_suffix(f".part-{os.getpid()}")
        unfinished.write_text(json.dumps(asdict(outcome)), "utf-8")
        unfinished.replace(place)
        left = statistics.mean(spent) * (len(todo) - index - 1) / 60
        said = f"{describe(trial, outcome)}, {spent[-1]:.0f} s; about {left:.0f} min left"
        print(f"{index + 1}/{len(todo)} {said}", file=sys.stderr, flush=True)


def read_outcomes(
    wanted: Sequence[AnyTrial], keep: Path, outcome: Callable[..., AnyOutcome]
) -> list[tuple[AnyTrial, AnyOutcome]]:
    """Return the trials that are finished, with their outcomes, in their order.

    Args:
        wanted: the trials.
        keep: the folder of outcomes.
        outcome: the dataclass.
    """
    there = [(trial, trial.place(keep)) for trial in wanted]
    return [(trial, outcome(**json.loads(place.read_text("utf-8")))) for trial, place in there if place.exists()]


def group_outcomes(
    wanted: Sequence[AnyTrial], keep: Path, outcome: Callable[..., AnyOutcome], key: Callable[[AnyTrial], Key]
) -> dict[Key, list[AnyOutcome]]:
    """Return the finished outcomes by the key of their trials, in the order of the trials.

    Args:
        wanted: the trials.
        keep: the folder of outcomes.
        outcome: the dataclass.
        key: of a trial, such as its row of the table.
    """
    found: dict[Key, list[AnyOutcome]] = {}
    for trial, one in read_outcomes(wanted, keep, outcome):
        found.setdefault(key(trial), []).append(one)
    return found
