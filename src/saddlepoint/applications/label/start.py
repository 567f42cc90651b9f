"""Fill in missing labels in one call, or hide labels to measure how well that works."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint.applications.label.calibration import (
    apply_temperature,
    cross_fitted,
    fit_temperature,
    log_loss,
    measure_reliability,
)
from saddlepoint.applications.label.enough_labels import check_classes, check_missing
from saddlepoint.applications.label.examples import Examples, Floats, Labels
from saddlepoint.applications.label.hiding import Experiment, hide_labels
from saddlepoint.applications.label.labelled import Labelled, Score, Tested
from saddlepoint.applications.label.method import Task
from saddlepoint.applications.label.settings import AUTO, LEAST, METHODS, MOST_FOLDS, check_method, usual_folds
from saddlepoint.applications.label.sources import read_examples
from saddlepoint.applications.label.validating import Validated, fit, predict, validate
from saddlepoint.arguments import check_count
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval
from saddlepoint.progress import report_for
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import Keep, fingerprint, finished_parts

MOST_SEED = 2**32 - 1
BASELINE = "supervised"


def label(
    data: Any,
    labels: Any = None,
    *,
    method: str = AUTO,
    classes: Sequence[str] | None = None,
    per_class: int | None = None,
    seed: int = 0,
    folds: int | None = None,
    steps: int | None = None,
    size: int | None = None,
    schema: Schema | None = None,
    keep: str | Path | None = None,
    progress: Report | bool = True,
) -> Labelled:
    """Fill in missing labels, with calibrated probabilities.

        sp.label("people.csv", labels="income").frame
        sp.label("photos/", labels="labels.csv").labels
        sp.label("digits", per_class=5).tested

    Args:
        data: a table (path, data frame, record array), a folder of images, an `.npy` or `.npz` file, an array or tensor (N, ...), a pair of
            examples and labels, a Dataset, or a built-in name.
        labels: the name of a table's column, the path of a file, or (N,) labels; empty, None, NaN or, outside of tables, -1 is a missing one. A file
            has name,label in each line for a folder of images, otherwise a label in each line, or is a `.npy` file. None takes the labels of the data.
        method: name of a method; "auto" chooses by cross-validation within the labelled examples among the methods without networks.
        classes: names of all classes, each of which needs two labels; None takes those that occur.
        per_class: hide all labels but so many of each class, to measure the error on hidden labels and on held-out examples; None
            hides none.
        seed: of everything random, from 0 to 2^32 - 1.
        folds: of the cross-validation; 0 leaves it out, and probabilities are then not calibrated. None takes 5, or 3 for networks.
        steps: of the training of networks; None for the method's own.
        size: height and width of images; None keeps them.
        schema: of a table; None infers it.
        keep: a folder for finished parts, where a call that was killed goes on; it is removed at the end.
        progress: a function that receives the progress, or whether to show it on a terminal or in a notebook.

    Raises:
        SettingError: a setting is not possible.
        DataError: data or labels cannot be read, have one class, a class with a single label, or no missing label.
    """
    check_request(method, per_class, seed, folds, steps)
    examples = read_examples(data, labels, classes=classes, schema=schema, size=size)
    with report_for(progress) as report:
        return label_examples(
            examples, method=method, per_class=per_class, seed=seed, folds=folds, steps=steps,
            keep=keep, report=report,
        )  # fmt: skip


def check_request(method: str, per_class: int | None, seed: int, folds: int | None, steps: int | None) -> None:
    """Raise SettingError for an unknown method and for numbers out of range."""
    check_method(method)
    check_count("label", "--seed", seed, 0, MOST_SEED)
    if per_class is not None:
        check_count("label", "--per-class", per_class, LEAST, 10_000_000)
    if steps is not None:
        check_count("label", "--steps", steps, 1, 2**31)
    if folds is not None:
        check_count("label", "--folds", folds, 0, MOST_FOLDS)
        if folds == 1 or (folds == 0 and method == AUTO):
            what = "one fold leaves nothing to learn from" if folds == 1 else "auto chooses by cross-validation"
            raise SettingError(
                f"label: --folds {folds}: {what}; give 2 or more{'' if folds else ', or name a method'}."
            )


def label_examples(
    examples: Examples,
    *,
    method: str = AUTO,
    per_class: int | None = None,
    seed: int = 0,
    folds: int | None = None,
    steps: int | None = None,
    keep: str | Path | None = None,
    report: Report | None = None,
    baseline: bool = True,
) -> Labelled:
    """The same for examples that were read. For further arguments see `label`.

    Args:
        baseline: whether an experiment also tests the supervised baseline.
    """
    check_classes(examples)
    if per_class is None:
        check_missing(examples)
    experiment = None if per_class is None else hide_labels(examples, per_class, seed)
    visible = examples if experiment is None else experiment.visible
    task = Task(visible.x, visible.event, visible.labels, visible.names, seed, steps, report=report)

    def request() -> str:
        return fingerprint([], examples.digest, method, per_class, seed, folds, steps)

    with finished_parts(keep, "label", request) as kept:
        return _Work(examples, experiment, task, kept, report, baseline).run(method, folds)


class _Work:
    """One labelling.

    Args:
        examples: as they were given.
        experiment: hidden labels; None where labels are missing by themselves.
        task: what methods get.
        kept: finished parts.
        report: receives the progress.
        baseline: whether the supervised baseline is tested too.
    """

    def __init__(
        self,
        examples: Examples,
        experiment: Experiment | None,
        task: Task,
        kept: Keep | None,
        report: Report | None,
        baseline: bool,
    ) -> None:
        self.examples, self.experiment, self.task, self.kept, self.report = examples, experiment, task, kept, report
        self.baseline = baseline

    def run(self, method: str, folds: int | None) -> Labelled:
        """Choose a method, fit it, calibrate it, and score it where labels were hidden."""
        tried = [name for name, entry in METHODS.items() if entry.contest] if method == AUTO else [method]
        validated: dict[str, Validated] = {}
        scores = []
        for name in tried:
            count = usual_folds(name) if folds is None else folds
            if not count:
                continue
            began = time.monotonic()
            validated[name] = validate(name, self.task, count, self.kept)
            scores.append(_score(validated[name], time.monotonic() - began))
        chosen = max(scores, key=lambda one: (one.accuracy.value, -one.log_loss)).method if scores else method
        own = validated.get(chosen)
        temperature = None if own is None else fit_temperature(own.probabilities, own.labels)
        whole, test, note = self._fitted(chosen)
        if temperature is not None:
            whole, test = apply_temperature(whole, temperature), apply_temperature(test, temperature)
        reliability = []
        if own is not None:
            calibrated = cross_fitted(own.probabilities, own.labels, own.folds)
            reliability.append(measure_reliability(calibrated, own.labels, "labelled examples, cross-validated"))
        tested = None
        if self.experiment is not None:
            labels = self.experiment.test.labels
            reliability.insert(0, measure_reliability(test, labels, "held-out examples"))
            tested = self._tested(chosen, whole, test)
        probabilities, visible = self._placed(whole, test)
        return Labelled(
            self.examples, probabilities, chosen, note, tuple(scores), temperature, tuple(reliability), tested,
            None if self.experiment is None else self.experiment.per_class, visible,
        )  # fmt: skip

    def _fitted(self, name: str) -> tuple[Floats, Floats, str]:
        """Probabilities of all examples of the task and of the test, uncalibrated, and the note of the fit."""
        parts = None if self.kept is None else [self.kept.read(f"{name}-{part}") for part in ("whole", "test", "note")]
        if parts is not None and all(part is not None for part in parts):
            whole, test, note = parts
            assert whole is not None
            assert test is not None
            return whole, test, str(note)
        if self.report is not None:
            self.report(f"fitting {name}", 0.0)
        method = fit(name, self.task, f"{name}-whole", self.kept)
        whole = predict(method, self.task, np.arange(len(self.task.labels)))
        classes = len(self.task.names)
        test = np.zeros((0, classes)) if self.experiment is None else method.posterior(self.experiment.test.x)
        if self.kept is not None:
            for part, values in (("whole", whole), ("test", test), ("note", np.array(method.note))):
                self.kept.write(f"{name}-{part}", values)
        return whole, test, method.note

    def _tested(self, chosen: str, whole: Floats, test: Floats) -> Tested:
        assert self.experiment is not None
        labels, hidden = self.experiment.test.labels, self.experiment.hidden
        baseline = _share(self._fitted(BASELINE)[1], labels) if self.baseline and chosen != BASELINE else None
        transductive = _share(whole[hidden], self.experiment.truth[hidden]) if len(hidden) else None
        return Tested(_share(test, labels), transductive, baseline, len(labels), len(hidden))

    def _placed(self, whole: Floats, test: Floats) -> tuple[Floats, Labels]:
        """Probabilities and visible labels of the examples as they were given."""
        n, classes = len(self.examples), whole.shape[1]
        places = np.arange(n) if self.experiment is None else self.experiment.kept
        found, visible = np.zeros((n, classes)), np.full(n, MISSING, dtype=np.int64)
        known = self.task.known
        whole = whole.copy()
        whole[known] = np.eye(classes)[self.task.labels[known]]
        found[places], visible[places] = whole, self.task.labels
        if self.experiment is not None and len(self.experiment.tested):
            found[self.experiment.tested] = test
        return found, visible


def _score(validated: Validated, seconds: float) -> Score:
    n = len(validated.labels)
    calibrated = cross_fitted(validated.probabilities, validated.labels, validated.folds)
    accuracy = wilson_interval(validated.right, n)
    return Score(validated.method, accuracy, log_loss(calibrated, validated.labels), seconds)


def _share(probabilities: Floats, labels: Labels) -> Interval:
    """The share of right predictions with Wilson's interval."""
    return wilson_interval(float((probabilities.argmax(1) == labels).sum()), len(labels))
