"""Label spreading on the graph of nearest neighbours in raw values."""

from __future__ import annotations

from torch import Tensor

from saddlepoint.applications.label.examples import Floats
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.applications.label.methods.supervised import vectors
from saddlepoint.applications.label.spreading import SpreadLabels


class Spreading(Method):
    """Labels spread between standardised examples."""

    def fit(self, task: Task) -> None:
        self._event = task.event
        self._spread = SpreadLabels(vectors(task.event, task.x), task.labels, len(task.names))

    def posterior(self, x: Tensor) -> Floats:
        return self._spread.posterior(vectors(self._event, x))

    def posterior_of_task(self) -> Floats:
        return self._spread.distributions
