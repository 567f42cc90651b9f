"""The Dirac-GAN: the smallest GAN there is, in which everything that goes wrong in large ones can be computed.

The data are one point, 0. The generator makes one point, theta. The discriminator's logit is a(x) = psi x. At the
equilibrium theta = psi = 0 the discriminator says nothing, and the generator is right.

Without regularisation the Jacobian there has imaginary eigenvalues alone, for every loss: ±i/2 for cross-entropy and least
squares, ±i for Wasserstein and hinge. The players circle. A penalty on the discriminator's gradient, weight/2 psi^2,
moves them to weight/2 ± sqrt(weight^2/4 - f^2) with f = 1/2 or 1.

References:
    Which Training Methods for GANs do actually Converge? (Mescheder, Geiger, Nowozin, 2018), https://arxiv.org/abs/1801.04406
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.games.smooth import SmoothGame
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import LOSSES

# Losses of the logit of one example: the game has no features to match, nothing to reconstruct, and batches of one.
OBJECTIVES = tuple(
    name for name in LOSSES if not (loss_named(name).features or loss_named(name).energy or loss_named(name).averaged)
)


def dirac_gan(objective: str = "non-saturating", penalty: float = 0.0) -> SmoothGame:
    """The Dirac-GAN in double precision; the generator's theta (1,) comes first, then the discriminator's psi (1,).

    The discriminator has no bias, so its logit is counted from where the loss is undecided (`AdversarialLoss.neutral`).

    Args:
        objective: a loss of logits, a key of `saddlepoint.objectives.adversarial.settings.LOSSES`.
        penalty: weight of |dD/dx|^2 / 2 = psi^2 / 2 in the discriminator's loss, at least 0.

    Raises:
        ValueError: for another objective.
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}, got {objective!r}")
    loss = loss_named(objective)

    def losses(parameters: list[Tensor]) -> list[Tensor]:
        theta, psi = parameters
        real, fake = psi * 0.0 + loss.neutral, psi * theta + loss.neutral
        if loss.paired:
            of_generator, of_discriminator = loss.generator(fake - real), loss.real(real - fake)
        else:
            assert loss.fake is not None, "only a loss of pairs has no cost of a generated example"
            of_generator, of_discriminator = loss.generator(fake), loss.real(real) + loss.fake(fake)
        return [of_generator.sum(), of_discriminator.sum() + penalty / 2 * (psi**2).sum()]

    zero = torch.zeros(1, dtype=torch.float64)
    return SmoothGame(f"Dirac-GAN, {objective}", losses, (zero, zero.clone()), ("generator", "discriminator"))
