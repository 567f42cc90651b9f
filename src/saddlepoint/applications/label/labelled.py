"""What `label` returns: a class and its probability for every example without a label, and what is known of their quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.applications.label.calibration import Reliability
from saddlepoint.applications.label.examples import Examples, Floats, Labels
from saddlepoint.applications.label.settings import METHODS
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.evaluation.statistics.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Score:
    """The cross-validated accuracy of one method on the labelled examples.

    Attributes:
        method: its name.
        accuracy: share of the labels that it predicts without having seen them.
        log_loss: in nats, of probabilities whose temperature was fitted to other folds.
        seconds: that it took.
    """

    method: str
    accuracy: Interval
    log_loss: float
    seconds: float


@dataclass(frozen=True)
class Tested:
    """Accuracy on labels that no method saw.

    Attributes:
        inductive: on examples that were held out of everything.
        transductive: on examples whose labels were hidden, but which were learnt from.
        baseline: the inductive accuracy of the tuned supervised classifier with the same labels; None where it is the method.
        examples, hidden: how many there are.
    """

    inductive: Interval
    transductive: Interval | None
    baseline: Interval | None
    examples: int
    hidden: int


@dataclass(frozen=True, eq=False)
class Labelled:
    """Examples with all labels filled in.

    Attributes:
        examples: as they were given.
        probabilities: (N, K) of the classes. An example whose label was learnt from has that class with probability 1.
        method: its name.
        note: what was found in the fit.
        scores: the cross-validated accuracy of each method that was tried; empty without a cross-validation.
        temperature: by which probabilities were calibrated; None without a cross-validation.
        reliability: how well confidence agrees with accuracy, where labels are known.
        tested: accuracy on hidden labels, of an experiment.
        per_class: visible labels of each class in an experiment, chosen by class; None where nothing was hidden.
        visible: (N,) the labels that were learnt from, -1 elsewhere.
    """

    examples: Examples
    probabilities: Floats
    method: str
    note: str
    scores: tuple[Score, ...]
    temperature: float | None
    reliability: tuple[Reliability, ...]
    tested: Tested | None
    per_class: int | None
    visible: Labels

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.examples.names

    @property
    def predicted(self) -> Labels:
        """(N,) the most probable class; the label where it was learnt from."""
        found: Labels = self.probabilities.argmax(1).astype(np.int64)
        return found

    @property
    def labels(self) -> list[str]:
        """(N,) names: the label of each example as it was given, else the predicted one."""
        codes = np.where(self.examples.known, self.examples.labels, self.predicted)
        return [self.names[code] for code in codes]

    @property
    def confidence(self) -> Floats:
        """(N,) the probability of the predicted class."""
        highest: Floats = self.probabilities.max(1)
        return highest

    @property
    def filled(self) -> int:
        """How many labels were missing."""
        return int((~self.examples.known).sum())

    @property
    def frame(self) -> pd.DataFrame:
        """The table with its column of labels filled in, and the probability of each label; of other examples, a row for each.

        In an experiment the labels are unchanged, and a further column has the predicted ones.
        """
        from saddlepoint.applications.label.writing import frame_of

        return frame_of(self)

    @property
    def headline(self) -> str:
        """What was found, in at most twelve words."""
        title = self.method
        if self.tested is not None:
            error = 100 * (1 - self.tested.inductive.value)
            return f"{title}: {error:.1f} % test error with {self.per_class} labels a class"
        own = next((score for score in self.scores if score.method == self.method), None)
        about = "" if own is None else f", {own.accuracy.value:.0%} right in cross-validation"
        return f"{self.filled:,} missing label{'' if self.filled == 1 else 's'} filled by {title}{about}"

    @property
    def choice(self) -> str:
        """How the labels that are learnt from were chosen, and how the method was, in one or two sentences."""
        counts = self.visible_counts
        if self.per_class is not None:
            chosen = f"{self.per_class} labels of each class are visible, a choice by class that favours every method."
        else:
            listed = ", ".join(f"{name} {count:,}" for name, count in list(zip(self.names, counts, strict=True))[:12])
            chosen = f"The known labels are as they were given ({listed})."
        tried = ""
        if len(self.scores) > 1:
            tried = (
                f" {self.method} was chosen by cross-validation within the labelled examples; as the best of {len(self.scores)}, its "
                "accuracy there tends to be too high."
            )
        return chosen + tried

    @property
    def visible_counts(self) -> list[int]:
        """(K,) labels of each class that were learnt from."""
        known = self.visible[self.visible != MISSING]
        return [int(count) for count in np.bincount(known, minlength=len(self.names))]

    def to_json(self) -> dict[str, Any]:
        """Everything but the examples as values that JSON can hold."""
        predicted = self.predicted[~self.examples.known]
        return {
            "headline": self.headline,
            "choice": self.choice,
            "examples": len(self.examples),
            "noun": self.examples.noun,
            "classes": list(self.names),
            "known": int(self.examples.known.sum()),
            "visible": self.visible_counts,
            "filled": self.filled,
            "filled_by_class": [int(count) for count in np.bincount(predicted, minlength=len(self.names))],
            "method": self.method,
            "title": METHODS[self.method].title,
            "note": self.note,
            "scores": [
                {
                    "method": one.method,
                    "accuracy": _interval(one.accuracy),
                    "log_loss": one.log_loss,
                    "seconds": one.seconds,
                }
                for one in self.scores
            ],
            "temperature": self.temperature,
            "reliability": [one.to_json() for one in self.reliability],
            "per_class": self.per_class,
            "tested": None
            if self.tested is None
            else {
                "inductive": _interval(self.tested.inductive),
                "transductive": _interval(self.tested.transductive),
                "baseline": _interval(self.tested.baseline),
                "examples": self.tested.examples,
                "hidden": self.tested.hidden,
            },
            "notes": list(self.examples.notes),
        }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else {"value": interval.value, "low": interval.low, "high": interval.high}
