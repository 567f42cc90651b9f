"""The ways to enlarge a training set that are compared, the recipes that generate examples, and the defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

AUTO = "auto"
PER_CLASS = 500
SPLITS = 5
IMBALANCE = 10  # how many times fewer examples every second class keeps in the imbalanced scenario
MOST_EXAMPLES = 5_000  # to train on in a split of the measurement
PATH = "saddlepoint.applications.augment.alternatives"
DataKind = Literal["table", "images"]
REAL, GENERATED = "real", "real + generated"


@dataclass(frozen=True)
class AlternativeEntry:
    """A training set of the comparison.

    Attributes:
        path: a function of a `Situation` that returns a `TrainingSet`, "package.module:name".
        title: what it trains on, in a few words.
        kinds: the data that it is made for.
        simplicity: place in the order from simple to elaborate. Of equally good alternatives, the simplest is recommended.
    """

    path: str
    title: str
    kinds: tuple[DataKind, ...] = ("table", "images")
    simplicity: int = 0


ALTERNATIVES: dict[str, AlternativeEntry] = {
    REAL: AlternativeEntry(f"{PATH}.real:real", "the real examples"),
    "duplicated": AlternativeEntry(f"{PATH}.duplicated:duplicated", "real examples, repeated", simplicity=2),
    "class weights": AlternativeEntry(
        f"{PATH}.weighted:weighted", "real examples, each class with the same total weight", simplicity=1
    ),
    "classical": AlternativeEntry(
        f"{PATH}.classical:classical", "real images and shifted, rotated copies", ("images",), simplicity=3
    ),
    "SMOTE": AlternativeEntry(
        f"{PATH}.interpolated:interpolated", "real rows and rows between neighbours", ("table",), simplicity=3
    ),
    GENERATED: AlternativeEntry(f"{PATH}.generated:real_and_generated", "real and generated examples", simplicity=4),
    "generated only": AlternativeEntry(f"{PATH}.generated:generated_only", "generated examples alone", simplicity=5),
}


def alternatives_for(kind: DataKind) -> tuple[str, ...]:
    """The names of the alternatives for a kind of data, in their order."""
    return tuple(name for name, entry in ALTERNATIVES.items() if kind in entry.kinds)


def alternative(name: str) -> Callable[..., Any]:
    """The function that makes the training set of an alternative."""
    module, _, attribute = ALTERNATIVES[name].path.partition(":")
    made: Callable[..., Any] = getattr(import_module(module), attribute)
    return made
