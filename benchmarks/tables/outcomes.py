"""Outcomes of finished trials in JSON-lines files, which grow over several calls, processes and machines.

`benchmarks/outcomes/NAME.jsonl` holds the outcomes of the benchmark NAME. It is committed, so that everybody can write the tables again and
add to them. A line is one object:

    key         of the trial: a name for people, and a hash of what determines the outcome
    outcome     the fields of the benchmark's dataclass; NaN and Infinity as Python's json writes them
    provenance  when, where and with which versions it was measured, see `results.provenance`

Lines are only appended. Where a key occurs twice, the last line counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import results
from saddlepoint.records.lock import locked_entries

OUTCOMES = Path(__file__).resolve().parents[1] / "outcomes"


class Trial(Protocol):
    """One entry of a table."""

    @property
    def key(self) -> str:
        """The key of its outcome; trials with the same key have the same outcome."""


AnyTrial = TypeVar("AnyTrial", bound=Trial)
AnyOutcome = TypeVar("AnyOutcome")
Group = TypeVar("Group")


def hashed_key(name: str, *decisive: Any) -> str:
    """Return a trial's key, from its name for people and a hash of what determines its outcome.

    Args:
        name: of the trial.
        *decisive: what determines the outcome, as JSON can hold it.
    """
    seal = hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()
    return f"{name.replace(', ', '-').replace(' ', '-')}-{seal[:12]}"


def recipe_key(name: str, recipe: Any, *further: Any) -> str:
    """Return the key of a trial that trains a recipe, whose hash covers everything but code and the contents of data files.

    Settings with their defaults are not part of the hash, so that outcomes are still found when a version has more settings. A default
    that changes is therefore not noticed, no more than code that does.

    Args:
        name: of the trial, for people.
        recipe: the `Recipe`.
        *further: what else determines the outcome, such as the number of samples.
    """
    sections = {"data", "model", "training", "evaluation"}
    return hashed_key(name, recipe.model_dump(mode="json", include=sections, exclude_defaults=True), *further)


@contextlib.contextmanager
def outcomes_file(name: str, keep: Path | None, *, quick: bool) -> Iterator[Path]:
    """The file of a benchmark's outcomes, which need not exist: the committed one, or a temporary one of a quick run.

    Args:
        name: of the benchmark.
        keep: another folder.
        quick: whether the run is quick: its outcomes are thrown away, unless `keep` is given.
    """
    with tempfile.TemporaryDirectory() as scratch:
        yield (keep or (Path(scratch) if quick else OUTCOMES)) / f"{name}.jsonl"


def append_outcome(file: Path, trial: Trial, outcome: Any) -> None:
    """Append the outcome of a finished trial, in one write, while no other process appends.

    Args:
        file: of outcomes; it is made where it does not exist.
        trial: the trial.
        outcome: a dataclass that JSON can hold.
    """
    entry = {"key": trial.key, "outcome": asdict(outcome), "provenance": results.provenance()}
    line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    with locked_entries(file.parent), file.open("a+b") as lines:
        if length := lines.seek(0, os.SEEK_END):
            lines.seek(length - 1)
            if lines.read(1) != b"\n":  # a killed process left part of a line
                line = b"\n" + line
        lines.write(line)


def unfinished(wanted: Sequence[AnyTrial], file: Path) -> list[AnyTrial]:
    """Return the trials that have no outcome in the file, in their order."""
    finished = _read_entries(file)
    return [trial for trial in wanted if trial.key not in finished]


def read_outcomes(
    wanted: Sequence[AnyTrial], file: Path, outcome: Callable[..., AnyOutcome]
) -> list[tuple[AnyTrial, AnyOutcome]]:
    """Return the trials that are finished, with their outcomes, in their order.

    Args:
        wanted: the trials.
        file: of outcomes.
        outcome: the dataclass.
    """
    entries = _read_entries(file)
    pairs = [(trial, entries.get(trial.key)) for trial in wanted]
    return [(trial, outcome(**entry["outcome"])) for trial, entry in pairs if entry]


def group_outcomes(
    wanted: Sequence[AnyTrial], file: Path, outcome: Callable[..., AnyOutcome], group: Callable[[AnyTrial], Group]
) -> dict[Group, list[AnyOutcome]]:
    """Return the finished outcomes by the group of their trials, in the order of the trials.

    Args:
        wanted: the trials.
        file: of outcomes.
        outcome: the dataclass.
        group: of a trial, such as its row of the table.
    """
    found: dict[Group, list[AnyOutcome]] = {}
    for trial, one in read_outcomes(wanted, file, outcome):
        found.setdefault(group(trial), []).append(one)
    return found


def origin(wanted: Sequence[Trial], file: Path) -> str:
    """Return when and where the finished trials were measured, in one line; of none, today and this machine."""
    entries = _read_entries(file)
    found = [entries.get(trial.key) for trial in wanted]
    return results.describe_origin([entry["provenance"] for entry in found if entry] or [results.provenance()])


def _read_entries(file: Path) -> dict[str, dict[str, Any]]:
    """The lines of the file by their keys. Lines that cannot be read are left out, and reported once."""
    entries = {}
    lines = file.read_bytes().splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            entries[entry["key"]] = {name: entry[name] for name in ("outcome", "provenance")}
        except (ValueError, TypeError, KeyError):
            _report(f"{file}, line {number}: left out, because it is no outcome (a process was killed while it wrote?)")
    return entries


@cache
def _report(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
