"""The adversarial loss of predicted frames: a discriminator sees the given frames with what followed, or with what was predicted.

Losses are of the patches' logits (B, P), and their mean over patches is an example's loss. Of the losses of `objectives.adversarial` those
can be used that judge each logit by itself.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.losses import NON_SATURATING
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.prediction.term import Predicted


def rejection(nets: Nets, predicted: Predicted) -> Tensor:
    """Return the predictor's non-saturating loss: -log of the probability that its frames are real, a mean over patches, (B,) nats."""
    logits = at_least_float32(nets["d"](torch.cat([predicted.given, predicted.frames], 2)))
    loss: Tensor = NON_SATURATING.generator(logits)
    return loss.mean(1)


def discrimination(frames_in: int) -> Loss:
    """Return the discriminator's loss: cross-entropy of real against predicted frames after the same given ones.

    Args:
        frames_in: number of frames that are given.
    """

    def loss(nets: Nets, batch: Batch, noise: object) -> tuple[Tensor, Observations]:
        given = batch.x[:, :, :frames_in]
        with torch.no_grad():
            predicted = nets["p"](given)
        real = at_least_float32(nets["d"](batch.x))
        fake = at_least_float32(nets["d"](torch.cat([given, predicted.to(given.dtype)], 2)))
        cost = NON_SATURATING.cost(real, 1.0) + NON_SATURATING.cost(fake, 0.0)
        probabilities = {"real_score": real.detach().sigmoid(), "fake_score": fake.detach().sigmoid()}
        return cost.mean(1), probabilities

    return loss
