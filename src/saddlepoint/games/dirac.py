"""The Dirac-GAN: the smallest GAN there is, in which everything that goes wrong in large ones can be computed.

The data are one point, 0. The generator makes one point, theta. The discriminator's logit is a(x) = psi x. At the
equilibrium theta = psi = 0 the discriminator says nothing, and the generator is right.

Without regularisation the Jacobian there has imaginary eigenvalues alone, for every loss: ±i/2 for cross-entropy and least
squares, ±i for Wasserstein and hinge. The players circle. A penalty on the discriminator's gradient, weight/2 psi^2,
moves them to weight/2 ± sqrt(weight^2/4 - f^2) with f = 1/2 or 1.

Which Training Methods for GANs do actually Converge? (Mescheder, Geiger, Nowozin, 2018), https://arxiv.org/abs/1801.04406;
the losses: https://arxiv.org/abs/1406.2661 (minimax, non-saturating), https://arxiv.org/abs/1701.07875 (Wasserstein),
https://arxiv.org/abs/1705.02894 (hinge), https://arxiv.org/abs/1611.04076 (least squares)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from saddlepoint.games.smooth import SmoothGame

# From the logits of real and generated points: what the generator and what the discriminator minimise.
LOSSES: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "minimax": lambda real, fake: (-softplus(fake), softplus(-real) + softplus(fake)),
    "non-saturating": lambda real, fake: (softplus(-fake), softplus(-real) + softplus(fake)),
    "wasserstein": lambda real, fake: (-fake, fake - real),
    "hinge": lambda real, fake: (-fake, relu(1 - real) + relu(1 + fake)),
    # Labels 1 and 0. The discriminator has no bias, so its output is counted from the 1/2 that it says in doubt.
    "least-squares": lambda real, fake: (((fake - 0.5) ** 2) / 2, ((real - 0.5) ** 2 + (fake + 0.5) ** 2) / 2),
}


def dirac_gan(objective: str = "non-saturating", penalty: float = 0.0) -> SmoothGame:
    """The Dirac-GAN in double precision; the generator's theta (1,) comes first, then the discriminator's psi (1,).

    objective: a key of LOSSES. penalty: weight of |dD/dx|^2 / 2 = psi^2 / 2 in the discriminator's loss, at least 0.
    Raises ValueError for another objective.
    """
    if objective not in LOSSES:
        raise ValueError(f"objective must be one of {', '.join(LOSSES)}, got {objective!r}")

    def losses(parameters: list[Tensor]) -> list[Tensor]:
        theta, psi = parameters
        of_generator, of_discriminator = LOSSES[objective](psi * 0.0, psi * theta)
        return [of_generator.sum(), of_discriminator.sum() + penalty / 2 * (psi**2).sum()]

    zero = torch.zeros(1, dtype=torch.float64)
    return SmoothGame(f"Dirac-GAN, {objective}", losses, (zero, zero.clone()), ("generator", "discriminator"))
