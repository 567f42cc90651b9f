"""LeCam regularisation: the logits of each kind stay near the moving average of those of the other kind.

With few examples it keeps the discriminator from memorising them. For a Wasserstein loss, the regularised loss is bounded by a
weighted LeCam divergence.

References:
    Regularizing Generative Adversarial Networks under Limited Data (Tseng, Jiang, Liu, Yang, Yang, 2021),
        https://arxiv.org/abs/2104.03310
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.numbers import check_number
from saddlepoint.objectives.adversarial.part_state import Kept, PartState
from saddlepoint.objectives.adversarial.penalties import ScorePenalty


def lecam(decay: float = 0.99) -> ScorePenalty:
    """Return the penalty (real logit - average of generated ones)^2 + (generated logit - average of real ones)^2.

    The paper uses weights of 0.1 to 0.3.

    Args:
        decay: of the moving averages of logits, which begin at 0; in [0, 1).

    Raises:
        SettingError: the decay is out of range.
    """
    check_number("decay", decay, below=1)

    def following(kept: Kept, real: Tensor, fake: Tensor) -> Kept:
        means = {"real": real.mean(), "fake": fake.mean()}
        return {name: decay * kept[name] + (1 - decay) * mean for name, mean in means.items()}

    first = {name: torch.zeros((), device="cpu") for name in ("real", "fake")}
    return ScorePenalty(squared_distances, PartState(first, following))


def squared_distances(real: Tensor, fake: Tensor, kept: Kept) -> Tensor:
    """Sum of the squared distances of both logits from the average of the other kind, (B,)."""
    return (real - kept["fake"]).square() + (fake - kept["real"]).square()
