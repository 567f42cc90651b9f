"""Finds penalties of the slope on a discriminator with BatchNorm, before the first step: SET403.

Such penalties limit how fast the score of one example changes, and are computed from the gradient of the sum of a batch's scores.
With BatchNorm a score depends on the whole batch, and in the sum the effect of an example on its own score cancels against its
effects on the others: behind a BatchNorm and a linear layer the gradient is 0, however steep the scores are.

References:
    Improved Training of Wasserstein GANs (Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, 2017), section 4,
        https://arxiv.org/abs/1704.00028
"""

from __future__ import annotations

from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, Composed, has
from saddlepoint.networks.layers import batch_norm_layers
from saddlepoint.objectives.adversarial.penalties import Penalty
from saddlepoint.records import Finding


def check_slope_of_batch(model: Adversarial) -> Finding | None:
    """Return a finding if a penalty of the slope is used and the critic has BatchNorm; else None.

    Its severity is "info": many such games train well all the same.

    Args:
        model: the game.
    """
    assert isinstance(model, Model)
    if not has(model, Composed):
        return None
    penalties = [name for name, (penalty, _) in model.parts.penalties.items() if isinstance(penalty, Penalty)]
    layers = batch_norm_layers(model.players[model.critic_player])
    if not penalties or not layers:
        return None
    listed = " and ".join(penalties)
    return Finding(
        "SET403",
        "info",
        0,
        f"The discriminator has BatchNorm, so {listed} cannot limit the slope of one example's score: a score depends on its "
        "batch.",
        {"penalties": penalties, "layers": len(layers)},
        "Leave BatchNorm out of the discriminator: `model.discriminator.arguments.normalisation: none` for the network dcgan, "
        "`model.discriminator.batch_norm: false` for mlp; resnet and r3gan have none.",
    )
