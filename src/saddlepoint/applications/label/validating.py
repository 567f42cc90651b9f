"""Cross-validation within the labelled examples: each fold's labels are missing while the others are learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from saddlepoint.applications.label.examples import Floats, Labels
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.applications.label.settings import make_method
from saddlepoint.records.finished_parts import Keep


@dataclass(frozen=True, eq=False)
class Validated:
    """What a method predicted for labels that it did not see.

    Attributes:
        method: its name.
        probabilities: (n, K) of the labelled examples.
        labels: (n,) theirs.
        folds: (n,) the number of each one's fold.
    """

    method: str
    probabilities: Floats
    labels: Labels
    folds: Labels

    @property
    def right(self) -> int:
        """How many predictions are right."""
        return int((self.probabilities.argmax(1) == self.labels).sum())


def validate(name: str, task: Task, folds: int, keep: Keep | None) -> Validated:
    """Cross-validate a method; folds that are kept are not computed again.

    Args:
        name: of the method.
        task: with two labels or more of each class.
        folds: how many; at most as many as the rarest class has labels.
        keep: finished folds.
    """
    from sklearn.model_selection import StratifiedKFold

    known = task.known
    labels = task.labels[known]
    folds = min(folds, int(np.bincount(labels).min()))
    number = np.zeros(len(known), dtype=np.int64)
    found = np.zeros((len(known), len(task.names)))
    split = StratifiedKFold(folds, shuffle=True, random_state=task.seed).split(labels, labels)
    for fold, (_, left_out) in enumerate(split):
        part = f"{name}-fold-{fold}"
        one = None if keep is None else keep.read(part)
        if one is None:
            if task.report is not None:
                task.report(f"validating {name}, fold {fold + 1} of {folds}", fold / folds)
            hidden = known[left_out]
            one = predict(fit(name, task.without(hidden), part, keep), task, hidden)
            if keep is not None:
                keep.write(part, one)
        found[left_out], number[left_out] = one, fold
    return Validated(name, found, labels, number)


def fit(name: str, task: Task, part: str, keep: Keep | None) -> Method:
    """Fit a method; networks keep their checkpoints in the folder of the part."""
    method: Method = make_method(name)
    method.fit(task if keep is None else replace(task, keep=keep.folder / f"{part}.training"))
    return method


def predict(method: Method, task: Task, positions: Labels) -> Floats:
    """(M, K) for examples of the task at these positions."""
    whole = method.posterior_of_task()
    return whole[positions] if whole is not None else method.posterior(task.x[torch.from_numpy(positions)])
