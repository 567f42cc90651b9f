"""An auxiliary classifier: the discriminator also predicts the class, and both players learn from that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from saddlepoint.models.gan.conditions.condition import Condition
from saddlepoint.networks.labels import class_weights
from saddlepoint.objectives.adversarial.heads import Head, Targets
from saddlepoint.objectives.adversarial.numbers import check_number


class Auxiliary(Condition):
    """The discriminator learns the classes of real and generated examples; the generator makes examples that it classifies.

    The discriminator's logit itself does not depend on the class.

    Args:
        weight: of the cross-entropies in both losses, above 0.

    References:
        Conditional Image Synthesis With Auxiliary Classifier GANs (Odena, Olah, Shlens, 2017),
            https://arxiv.org/abs/1610.09585
    """

    roles = ("discriminator",)
    forbids: ClassVar[Mapping[str, str]] = {
        **Condition.forbids,
        "discriminator.packing": "a pack holds examples of several classes",
    }

    def __init__(self, weight: float = 1.0) -> None:
        check_number("weight", weight, exclusive=True)
        self.weight = weight

    def heads(self, classes: int) -> dict[str, Head]:
        return {"class": Head(classes, _of_discriminator, _of_generator, self.weight, _accuracies)}


def cross_entropy(output: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of predicted classes in nats, (B,).

    Args:
        output: (B, classes) logits.
        labels: (B,) int64, or (B, classes) weights.
    """
    return -(class_weights(labels, output.shape[1], output) * output.log_softmax(1)).sum(1)


def _labels(targets: Targets) -> Tensor:
    assert targets.labels is not None, "the game is conditional"
    return targets.labels


def _of_discriminator(real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
    return cross_entropy(real, _labels(targets)) + cross_entropy(fake, _labels(targets))


def _of_generator(fake: Tensor, targets: Targets) -> Tensor:
    return cross_entropy(fake, _labels(targets))


def _accuracies(real: Tensor, fake: Tensor, targets: Targets) -> dict[str, Tensor]:
    labels = _labels(targets)
    return {
        "class_accuracy": (real.argmax(1) == labels).float(),
        "fake_class_accuracy": (fake.argmax(1) == labels).float(),
    }
