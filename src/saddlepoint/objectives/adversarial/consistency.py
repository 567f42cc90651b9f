"""Consistency regularisation: the discriminator's logit should not change if an image is changed without changing its content.

References:
    Consistency Regularization for Generative Adversarial Networks (Zhang, Zhang, Odena, Lee, 2020),
        https://arxiv.org/abs/1910.12027
    Improved Consistency Regularization for GANs (Zhao, Singh, Lee, Zhang, Odena, Zhang, 2021),
        https://arxiv.org/abs/2002.04724 (balanced: of generated images too)
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.diffaugment import DiffAugment
from saddlepoint.objectives.adversarial.penalties import ConsistencyPenalty, Kind


def consistency(policy: Sequence[str] = ("translation",)) -> ConsistencyPenalty:
    """Return the squared change of the logit of real images. The paper uses a weight of 10, translations and flips.

    Args:
        policy: the changes, as in `DiffAugment`.

    Raises:
        SettingError: there is no such change.
    """
    return _penalty(policy, ("real",))


def balanced_consistency(policy: Sequence[str] = ("translation",)) -> ConsistencyPenalty:
    """Return the squared change of the logit of real images, and that of generated images.

    Args:
        policy: the changes, as in `DiffAugment`.

    Raises:
        SettingError: there is no such change.
    """
    return _penalty(policy, ("real", "fake"))


def squared_change(logit: Tensor, changed: Tensor) -> Tensor:
    """(B,) logits of images and of changed images -> (B,)."""
    return (logit - changed).square()


def _penalty(policy: Sequence[str], kinds: tuple[Kind, ...]) -> ConsistencyPenalty:
    changes = DiffAugment(policy)

    def draw(n: int, event: Sequence[int], generator: torch.Generator) -> Tensor:
        return changes.draw(n, event, 1.0, generator)

    return ConsistencyPenalty(changes, draw, squared_change, kinds)
