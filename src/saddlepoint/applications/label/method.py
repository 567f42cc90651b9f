"""What a method of `label` is: it learns from all examples and the labels that are known, and gives probabilities of the classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.label.examples import Floats, Labels
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.data.split import class_shares


@dataclass(frozen=True, eq=False)
class Task:
    """What a method learns from. Labels that are hidden are not part of it.

    Attributes:
        x: (N, *event) in the data's own units.
        event: what one example is.
        labels: (N,) classes, -1 where a label is missing.
        names: of the classes.
        seed: of everything random.
        steps: of the training of networks; None for the method's own.
        keep: folder of checkpoints of networks, so that a killed training goes on; None for none.
        shared: what was learnt from the examples without their labels, such as their codes, for all folds.
        report: receives the progress, as a text and a share of the method.
    """

    x: Tensor
    event: Event
    labels: Labels
    names: tuple[str, ...]
    seed: int = 0
    steps: int | None = None
    keep: Path | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    report: Callable[[str, float], None] | None = None

    @property
    def known(self) -> Labels:
        """(n,) positions of the labelled examples."""
        return np.flatnonzero(self.labels != MISSING)

    def without(self, positions: Labels) -> Task:
        """The same with the labels at these positions missing."""
        labels = self.labels.copy()
        labels[positions] = MISSING
        return replace(self, labels=labels)

    def dataset(self, *, labelled_only: bool = False) -> Dataset:
        """All examples with labels, of which -1 is a missing one; or only those with a label."""
        index = torch.from_numpy(self.known if labelled_only else np.arange(len(self.labels)))
        labels = torch.from_numpy(self.labels)[index]
        event = replace(self.event, class_names=self.names)
        return Dataset("examples", self.x[index], replace(event, class_shares=class_shares(labels, event)), labels)


class Method(ABC):
    """One way to classify. An object is fitted once.

    Attributes:
        note: what was found in the fit, such as settings that were tuned; a short phrase, or empty.
        learns_from_all: whether examples without labels take part.
    """

    note: str = ""
    learns_from_all: ClassVar[bool] = True

    @abstractmethod
    def fit(self, task: Task) -> None:
        """Learn from a task."""

    @abstractmethod
    def posterior(self, x: Tensor) -> Floats:
        """Probabilities of the classes of any examples: x (M, *event) -> (M, K), rows of sum 1."""

    def posterior_of_task(self) -> Floats | None:
        """(N, K) for the examples of the task, where that differs from `posterior` of them; None where it does not."""
        return None
