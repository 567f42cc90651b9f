"""A feature-matching GAN whose discriminator classifies: what is real belongs to some class, and generated examples to none.

References:
    Improved Techniques for Training GANs (Salimans et al., 2016), section 5, https://arxiv.org/abs/1606.03498
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from saddlepoint.applications.label.examples import Floats
from saddlepoint.applications.label.method import Method, Task
from saddlepoint.applications.label.training import is_small, posterior_of, train
from saddlepoint.data.event import Event

BATCH = 100
DECAY, LARGE_DECAY = 0.998, 0.9999  # of the moving averages of weights


class FeatureMatching(Method):
    """The averaged discriminator's classes."""

    def fit(self, task: Task) -> None:
        training = {
            "batch_size": BATCH,
            "optimiser": {"learning_rate": 3e-3, "betas": [0.5, 0.999]},
            "ema": DECAY if is_small(task.event) else LARGE_DECAY,
        }
        self._model = train(task, "feature-matching", task.dataset(), settings(task.event), training)

    def posterior(self, x: Tensor) -> Floats:
        return posterior_of(self._model, x)


def settings(event: Event) -> dict[str, Any]:
    """The `model` section of a recipe; for large examples the sizes published for MNIST."""
    small = is_small(event)
    bounded = event.bounded
    return {
        "family": "gan",
        "latent": min(100, 2 * event.size),
        "noise": {"distribution": "uniform"},
        "generator": {"hidden": [128, 128] if small else [500, 500], "activation": "softplus", "batch_norm": True},
        "discriminator": {
            # Not among the registered networks, which make the same of an example in every pass.
            "network": "saddlepoint.networks.noisy_mlp:NoisyMLP",
            "arguments": {"hidden": [256, 128, 128] if small else [1000, 500, 250, 250, 250], "noise": 0.5},
        },
        "output": "sigmoid" if bounded else "identity",
        "objective": "feature-matching",
        "views": {"instance_noise": 0.3},
        "condition": {"discriminator": "classes"},
    }
