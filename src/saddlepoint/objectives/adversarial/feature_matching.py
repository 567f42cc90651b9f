"""Feature matching: the generator matches the mean of the discriminator's features instead of fooling the discriminator.

References:
    Improved Techniques for Training GANs (Salimans et al., 2016), section 3.1, https://arxiv.org/abs/1606.03498
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from saddlepoint.objectives.adversarial.losses import NON_SATURATING


def squared_distance_of_means(real: Tensor, fake: Tensor) -> Tensor:
    """Squared distance of the mean features, |mean real - mean fake|^2, the same for each example.

    Args:
        real: (B, F) features of real examples.
        fake: (B, F) features of generated examples.

    Returns:
        (B,), at least 0.
    """
    difference = real.mean(0).detach() - fake.mean(0)
    return difference.square().sum().expand(real.shape[0])


FEATURE_MATCHING = replace(NON_SATURATING, generator=squared_distance_of_means, features=True)
