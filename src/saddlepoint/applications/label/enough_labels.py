"""Refuse labels that no class can be learnt from, and those of which none is missing."""

from __future__ import annotations

from saddlepoint.applications.label.examples import Examples
from saddlepoint.applications.label.settings import LEAST
from saddlepoint.errors import DataError


def check_classes(examples: Examples) -> None:
    """Raise DataError unless two classes or more have labels, each enough of them, and a label is missing."""
    counts, names = examples.counts, examples.names
    present = [name for name, count in zip(names, counts, strict=True) if count]
    if not present:
        raise DataError(f"label: every label of {examples.source} is missing; give some, of two classes or more.")
    if len(present) < 2:
        taken = "" if examples.table is not None else " (-1 is a missing label)"
        raise DataError(
            f"label: all labels of {examples.source} are {present[0]}{taken}; give labels of two classes or more."
        )
    for name, count in zip(names, counts, strict=True):
        if count < LEAST:
            raise too_few_labels(name, count)


def too_few_labels(name: str, count: int) -> DataError:
    """The error for a class with no label or a single one."""
    return DataError(
        f"label: class {name} has {'a single label' if count else 'no label'}, and each class needs {LEAST} or more; label more "
        "examples of it, or leave the class out."
    )


def check_missing(examples: Examples) -> None:
    """Raise DataError where no label is missing."""
    if examples.known.all():
        raise DataError(
            f"label: no label of {examples.source} is missing, so there is nothing to fill in; to measure methods with hidden labels, give "
            "--per-class N (per_class= in Python)."
        )
