"""Losses of discriminators that are autoencoders: the logit is minus the error of the reconstruction.

Such a discriminator learns to reconstruct real examples, and gets more from each example than one number.

References:
    Energy-based Generative Adversarial Network (Zhao, Mathieu, LeCun, 2017), https://arxiv.org/abs/1609.03126 (margin)
    BEGAN: Boundary Equilibrium Generative Adversarial Networks (Berthelot, Schumm, Metz, 2017),
        https://arxiv.org/abs/1703.10717
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import relu

from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.part_state import Kept, PartState

MARGIN = 1.0  # in squared units of the model, averaged over an example's numbers
DIVERSITY = 0.5  # BEGAN's gamma: the error of samples relative to that of real examples at the equilibrium
GAIN = 0.001  # BEGAN's lambda: how fast the weight of samples follows

_ONE_AT_A_TIME = "a reconstruction is of one example"
_FORBIDS = {
    "discriminator.packing": _ONE_AT_A_TIME,
    "discriminator.minibatch_kernels": _ONE_AT_A_TIME,
    "labels.smoothing": "the error of a reconstruction has no label",
    "labels.flipping": "the error of a reconstruction has no label",
    "views.adaptive_augmentation": "it follows the sign of logits, and the negative of an error never changes its sign",
}


def _weighted(logit: Tensor, kept: Kept) -> Tensor:
    """The discriminator maximises the error of samples, with the weight that keeps both errors in balance."""
    return kept["weight"] * logit


def _balance(kept: Kept, real: Tensor, fake: Tensor) -> Kept:
    error, error_of_samples = -real.mean(), -fake.mean()
    return {"weight": (kept["weight"] + GAIN * (DIVERSITY * error - error_of_samples)).clamp(0, 1)}


ENERGY_MARGIN = AdversarialLoss(
    real=lambda logit: -logit,
    fake=lambda logit: relu(MARGIN + logit),
    generator=lambda logit: -logit,
    energy="squared",
    forbids=_FORBIDS,
)
BOUNDARY_EQUILIBRIUM = AdversarialLoss(
    real=lambda logit: -logit,
    fake=_weighted,
    generator=lambda logit: -logit,
    energy="absolute",
    forbids=_FORBIDS | {"updates.unrolled": "the weight of samples changes after each update only"},
    state=PartState({"weight": torch.zeros(())}, _balance, {"weight": "balance"}),
)
