"""Classes as the discriminator's heads: it classifies examples, and is real what belongs to some class.

With one logit l_k for each class, the logit of being real is log sum_k exp l_k, and the classes of an example have the probabilities softmax(l). Labels
may be missing: only labelled examples have the cost of the class, all have that of being real. The generator takes no labels.

References:
    Improved Techniques for Training GANs (Salimans et al., 2016), section 5, https://arxiv.org/abs/1606.03498
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.conditions.condition import Condition
from saddlepoint.objectives.adversarial.heads import Head, Targets
from saddlepoint.objectives.adversarial.numbers import check_number

HEAD = "class"


class Classes(Condition):
    """The discriminator's logit is made of one logit for each class, which it learns from the labelled examples.

    Args:
        weight: of the mean cross-entropy of labelled examples, relative to the cost of being real, above 0.
        labelled: share of a batch that has labels, above 0 and below 1.
    """

    roles = ("discriminator",)
    uses_labels = False
    supervises = True
    decides = HEAD
    forbids: ClassVar[Mapping[str, str]] = {
        **Condition.forbids,
        "discriminator.packing": "a pack holds examples of several classes",
        "discriminator.minibatch_kernels": "the class of an example does not depend on others",
        "encoder.kind": "the discriminator scores examples alone",
    }

    def __init__(self, weight: float = 2.0, labelled: float = 0.2) -> None:
        check_number("weight", weight, exclusive=True)
        if not 0 < labelled < 1:
            raise SettingError(f"labelled is {labelled}; it must be above 0 and below 1.")
        self.labelled = labelled
        self._head_weight = weight / labelled  # the mean over a batch counts an example without label as 0

    def heads(self, classes: int) -> dict[str, Head]:
        return {HEAD: Head(classes, known_cross_entropy, _no_cost, self._head_weight, _accuracy)}


def known_cross_entropy(real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
    """Cross-entropy (B,) in nats of the classes of real examples with logits (B, classes); 0 where the label is missing (-1)."""
    assert targets.labels is not None, "the game has labels"
    known = targets.labels >= 0
    log_probabilities = real.log_softmax(1)
    chosen = log_probabilities.gather(1, targets.labels.clamp(min=0)[:, None])[:, 0]
    return torch.where(known, -chosen, torch.zeros_like(chosen))


def _no_cost(fake: Tensor, targets: Targets) -> Tensor:
    return fake.new_zeros(len(fake))


def _accuracy(real: Tensor, fake: Tensor, targets: Targets) -> dict[str, Tensor]:
    """The share of labelled examples in the batch whose class is right."""
    assert targets.labels is not None, "the game has labels"
    known = targets.labels >= 0
    right = ((real.argmax(1) == targets.labels) & known).float().sum()
    return {"class_accuracy": right / known.float().sum().clamp(min=1)}
