"""Splits of real examples into training and test sets, and the scenarios of training sets within a split.

Test sets are real examples, a share of each class; no generator or classifier is trained on them. The training sets of one split are nested:
smaller ones are the first examples of each class of larger ones, so that scenarios differ in their size alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.augment.examples import Labels
from saddlepoint.errors import SettingError

TESTED = 1 / 3  # share of the examples
MOST_TESTED = 2_000
LEAST = 2  # training examples of a class
LEAST_EXAMPLES = 6  # of a class, so that a split has four to train on and two to test


@dataclass(frozen=True)
class Scenario:
    """Which training examples a split has.

    Attributes:
        n: how many, before classes are reduced; None for all.
        imbalance: every second class has this many times fewer than the largest, or fewer where it is rarer by itself; 1 leaves
            the classes as they are.
    """

    n: int | None = None
    imbalance: int = 1

    @property
    def title(self) -> str:
        """The scenario in words."""
        size = "all examples" if self.n is None else f"{self.n:,} examples"
        return size if self.imbalance == 1 else f"{size}, imbalanced {self.imbalance}:1"


@dataclass(frozen=True)
class Split:
    """Positions of the training examples of a scenario, and of the test examples."""

    train: Labels
    test: Labels


def check_scenarios(labels: Labels, names: tuple[str, ...], scenarios: tuple[Scenario, ...]) -> None:
    """Check that every scenario leaves enough examples.

    Raises:
        SettingError: a class has too few examples, or a scenario asks for more than there are.
    """
    counts = np.bincount(labels, minlength=len(names))
    if counts.min() < LEAST_EXAMPLES:
        scarce = int(counts.argmin())
        raise SettingError(
            f"augment: class {names[scarce]} has {counts[scarce]} examples, and measuring whether augmentation helps needs {LEAST_EXAMPLES} of each "
            "class; add some, or leave out the measurement with --no-measure."
        )
    available = len(training_order(labels, 0)[0])
    for scenario in scenarios:
        if scenario.n is not None and scenario.n < LEAST * len(names):
            raise SettingError(
                f"augment: a training set of {scenario.n} examples cannot have {LEAST} of each of {len(names)} classes; give a larger size."
            )
        if scenario.n is not None and scenario.n > available:
            raise SettingError(
                f"augment: a training set of {scenario.n:,} examples is asked for, and a split leaves {available:,} to train on; give a smaller size."
            )


def training_order(labels: Labels, seed: int) -> tuple[Labels, Labels]:
    """The positions of all training examples in random order, and of the test examples of a split.

    Args:
        labels: (N,) of all examples.
        seed: of the split.
    """
    rng = np.random.default_rng([seed, 18])
    share = min(TESTED, MOST_TESTED / len(labels))
    train, test = [], []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        tested = max(1, round(share * len(members)))
        test.append(members[:tested])
        train.append(members[tested:])
    return rng.permutation(np.concatenate(train)), np.sort(np.concatenate(test))


def split_examples(labels: Labels, seed: int, scenario: Scenario) -> Split:
    """The split of a seed in a scenario.

    Args:
        labels: (N,) of all examples.
        seed: of the split.
        scenario: which of the training examples are used.
    """
    order, test = training_order(labels, seed)
    own = labels[order]
    classes, counts = np.unique(own, return_counts=True)
    wanted = _shares(counts, len(order) if scenario.n is None else scenario.n)
    if scenario.imbalance > 1:
        reduced = np.arange(len(classes)) % 2 == 1
        reduced_to = np.minimum(wanted, np.maximum(LEAST, wanted.max() // scenario.imbalance))
        wanted = np.where(reduced, reduced_to, wanted)
    chosen = np.concatenate([np.flatnonzero(own == label)[:n] for label, n in zip(classes, wanted, strict=True)])
    return Split(order[np.sort(chosen)], test)


def _shares(counts: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.int64]:
    """(K,) examples of each class among n, in proportion to `counts` and at least two; largest remainders are rounded up."""
    exact = n * counts / counts.sum()
    wanted: Labels = np.minimum(np.maximum(np.floor(exact), LEAST), counts).astype(np.int64)
    for label in np.argsort(np.floor(exact) - exact, kind="stable"):
        if wanted.sum() < n and wanted[label] < counts[label]:
            wanted[label] += 1
    return wanted
