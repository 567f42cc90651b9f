"""Train what is missing of a table, a trial at a time; a finished trial is kept in a file and not done again."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar


class Trial(Protocol):
    """One entry of a table."""

    def place(self, keep: Path) -> Path:
        """The file of its outcome in the folder `keep`."""


AnyTrial = TypeVar("AnyTrial", bound=Trial)


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
        train: returns the outcome of a trial, an object whose attributes JSON can hold.
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
        part = place.with_suffix(f".part-{os.getpid()}")
        part.write_text(json.dumps(vars(outcome)), "utf-8")
        part.replace(place)
        left = statistics.mean(spent) * (len(todo) - index - 1) / 60
        said = f"{describe(trial, outcome)}, {spent[-1]:.0f} s; about {left:.0f} min left"
        print(f"{index + 1}/{len(todo)} {said}", file=sys.stderr, flush=True)
