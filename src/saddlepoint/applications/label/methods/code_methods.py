"""Methods that classify codes: a VAE of all examples finds the codes without any label, and few labels are learnt from in their space.

References:
    Semi-Supervised Learning with Deep Generative Models (Diederik Kingma, Danilo Rezende, Shakir Mohamed, Max Welling, 2014), model M1,
        https://arxiv.org/abs/1406.5298
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor

from saddlepoint.applications.label.examples import Floats
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.applications.label.methods.supervised import TunedClassifier
from saddlepoint.applications.label.spreading import SpreadLabels
from saddlepoint.applications.label.training import code_model, codes_of


class M1(Method):
    """The tuned classifier on codes."""

    def fit(self, task: Task) -> None:
        self._model = code_model(task)
        known = task.known
        codes = codes_of(self._model, task.x).numpy()
        self._centre, self._scale = codes.mean(0), codes.std(0) + 1e-6
        self._classifier = TunedClassifier(len(task.names), task.seed)
        self._classifier.fit(self._standardised(codes[known]), task.labels[known])
        self.note = f"{self._classifier.note} on codes of {codes.shape[1]} numbers"

    def posterior(self, x: Tensor) -> Floats:
        return self._classifier.predict_proba(self._standardised(codes_of(self._model, x).numpy()))

    def _standardised(self, codes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        scaled: npt.NDArray[np.float32] = (codes - self._centre) / self._scale
        return scaled


class SpreadingCodes(Method):
    """Labels spread between codes. Unused dimensions of a code have hardly any spread and do not disturb distances."""

    def fit(self, task: Task) -> None:
        self._model = code_model(task)
        codes = codes_of(self._model, task.x).numpy()
        self._spread = SpreadLabels(codes, task.labels, len(task.names))
        self.note = f"codes of {codes.shape[1]} numbers"

    def posterior(self, x: Tensor) -> Floats:
        return self._spread.posterior(codes_of(self._model, x).numpy())

    def posterior_of_task(self) -> Floats:
        return self._spread.distributions
