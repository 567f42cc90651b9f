"""Class-conditional models of the labelled examples: a density of each class, and Bayes' rule.

References:
    On Discriminative vs. Generative Classifiers: A Comparison of Logistic Regression and Naive Bayes (Andrew Ng, Michael Jordan, 2001),
        https://papers.nips.cc/paper/2020-on-discriminative-vs-generative-classifiers
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from saddlepoint.applications.label.examples import Floats
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.models.capabilities import HasPosterior, require
from saddlepoint.recipe import Recipe


class _Bayes(Method):
    """A classical recipe of labelled examples whose model has class probabilities."""

    learns_from_all: ClassVar[bool] = False
    model: ClassVar[dict[str, Any]]

    def fit(self, task: Task) -> None:
        settings = {"family": "classical", "scaling": "standard", **self.model}
        recipe = Recipe.model_validate(
            {"name": "label", "model": settings, "training": {"steps": 1, "batch_size": 1_000_000_000}}
        )
        self._model = require(train_in_memory(recipe, task.dataset(labelled_only=True), task.seed), HasPosterior)

    def posterior(self, x: Tensor) -> Floats:
        return np.asarray(self._model.posterior(x).numpy(), dtype=np.float64)


class NaiveBayes(_Bayes):
    """Independent Gaussian numbers in each class."""

    model: ClassVar[dict[str, Any]] = {"distribution": "naive-bayes", "reg_covar": 0.03}


class Gaussians(_Bayes):
    """One Gaussian of each class. Variances begin at that of standardised noise, because few labels determine no covariance."""

    model: ClassVar[dict[str, Any]] = {"distribution": "gaussian", "conditional": True, "reg_covar": 0.3}
