"""Semi-supervised VAEs: the class is a latent variable where its label is missing, of examples (M2) or of their codes (M1+M2).

References:
    Semi-Supervised Learning with Deep Generative Models (Diederik Kingma, Danilo Rezende, Shakir Mohamed, Max Welling, 2014),
        https://arxiv.org/abs/1406.5298
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from saddlepoint.applications.label.examples import Floats
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.applications.label.training import code_model, codes_of, posterior_of, train, vae_settings
from saddlepoint.data.event import Event
from saddlepoint.data.split import Part, describe_parts

# Of the classifier's cross-entropy on labelled examples, for each number of an example, since the bound grows with these. Densities of codes are
# sharper than probabilities of pixels, and outweigh a weight that suits those.
WEIGHT, CODE_WEIGHT = 0.1, 10.0


class M2(Method):
    """A VAE whose code is a class and a vector."""

    def fit(self, task: Task) -> None:
        self._model = train(task, "m2", task.dataset(), _settings(task.event, WEIGHT))

    def posterior(self, x: Tensor) -> Floats:
        return posterior_of(self._model, x)


class M1M2(Method):
    """The same on codes of a VAE of all examples."""

    def fit(self, task: Task) -> None:
        self._codes = code_model(task)
        codes = codes_of(self._codes, task.x)
        event = describe_parts("codes", Event((codes.shape[1],), "vector"), Part(codes)).event
        inner = replace(task, x=codes, event=event)
        self._model = train(inner, "m2-of-codes", inner.dataset(), _settings(event, CODE_WEIGHT))

    def posterior(self, x: Tensor) -> Floats:
        return posterior_of(self._model, codes_of(self._codes, x))


def _settings(event: Event, weight: float) -> dict[str, Any]:
    base = vae_settings(event)
    return {
        **base,
        "conditional": True,
        "semi_supervised": True,
        "classifier": base["encoder"],
        "classifier_weight": weight * event.size,
    }
