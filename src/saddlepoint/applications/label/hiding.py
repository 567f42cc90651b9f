"""Experiments with hidden labels: all known labels but N of each class are hidden, and some examples are held out of everything.

The labels that stay visible are chosen by class, N of each: with so few, that is more than a random choice would give, and results say so.
Methods get the visible labels alone; the hidden ones are read again only to score what the methods found.

References:
    Realistic Evaluation of Deep Semi-Supervised Learning Algorithms (Avital Oliver, Augustus Odena, Colin Raffel, Ekin Cubuk, Ian Goodfellow,
        2018), https://arxiv.org/abs/1804.09170
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from saddlepoint.applications.label.examples import Examples, Labels
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.data.split import Part, describe_parts
from saddlepoint.errors import SettingError

TESTED = 1 / 3  # share of the labelled examples of a source without a test part
MOST_TESTED = 10_000


@dataclass(frozen=True, eq=False)
class Experiment:
    """Examples of which most labels are hidden.

    Attributes:
        visible: the examples to learn from, with -1 in place of hidden labels.
        truth: (N,) their labels before; -1 where they were missing by themselves.
        test: examples that no method sees before it is tested, with their labels.
        kept: positions of `visible` among the examples that were given.
        tested: positions of `test` among them; none where the test is a part of its own.
        per_class: visible labels of each class.
    """

    visible: Examples
    truth: Labels
    test: Examples
    kept: Labels
    tested: Labels
    per_class: int

    @property
    def hidden(self) -> Labels:
        """Positions of the hidden labels."""
        return np.flatnonzero((self.truth != MISSING) & (self.visible.labels == MISSING))


def hide_labels(examples: Examples, per_class: int, seed: int) -> Experiment:
    """Hold out examples for the test, and hide all labels of the others but `per_class` of each class.

    Args:
        examples: with labels.
        per_class: how many stay, at least 2.
        seed: of both choices.

    Raises:
        SettingError: a class has too few labels.
    """
    rng = np.random.default_rng([seed, 5])
    train, tested = np.arange(len(examples)), np.array([], dtype=np.int64)
    if examples.test is None:
        labelled = int(examples.known.sum())
        share = min(TESTED, MOST_TESTED / max(labelled, 1))
        members = [rng.permutation(np.flatnonzero(examples.labels == code)) for code in range(len(examples.names))]
        tested = np.sort(np.concatenate([some[: max(1, round(share * len(some)))] for some in members]))
        train = np.setdiff1d(train, tested)
    truth = examples.labels[train]
    _check(truth, examples, per_class)
    order = rng.permutation(len(truth))
    labels = np.full(len(truth), MISSING, dtype=np.int64)
    for code in range(len(examples.names)):
        chosen = order[truth[order] == code][:per_class]
        labels[chosen] = code
    part, test = _parts(examples, train, tested)
    return Experiment(part.with_labels(labels), truth, test, train, tested, per_class)


def _check(truth: Labels, examples: Examples, per_class: int) -> None:
    counts = np.bincount(truth[truth != MISSING], minlength=len(examples.names))
    scarce = int(counts.argmin())
    if counts[scarce] < per_class:
        raise SettingError(
            f"label: --per-class {per_class}: class {examples.names[scarce]} has {counts[scarce]} labels beside those of the test; give a smaller number."
        )
    if (counts == per_class).all():
        raise SettingError(
            f"label: --per-class {per_class} leaves no label to hide; each class has so many. Give a smaller number."
        )


def _parts(examples: Examples, train: Labels, tested: Labels) -> tuple[Examples, Examples]:
    """The examples to learn from and those of the test, encoded and described by the former alone."""
    if examples.test is not None:
        x, labels = examples.test
        test = replace(examples, x=x, labels=labels, test=None, identities=None, table=None)
        return replace(examples, test=None), test
    x, event = examples.x, examples.event
    if examples.table is not None:
        from saddlepoint.applications.label.rows import encode_again

        x, event = encode_again(examples, train)
    else:
        event = describe_parts(examples.source, event, Part(x[torch.from_numpy(train)])).event
    whole = replace(examples, x=x, event=event)
    return whole.take(train), whole.take(tested)
