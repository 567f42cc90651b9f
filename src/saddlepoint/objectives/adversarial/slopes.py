"""Penalties on the slope of the discriminator's logit between real and generated points, or around real ones.

The slope is the norm of the logit's gradient with respect to the discriminator's input, in logits per unit of the model. R1 and
R2 (`penalties`) penalise it at the examples themselves. The penalties here use other points, which cost one more forward pass.

References:
    Improved Training of Wasserstein GANs (Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin, Aaron Courville,
        2017), https://arxiv.org/abs/1704.00028 (gradient penalty)
    On the regularization of Wasserstein GANs (Henning Petzka, Asja Fischer, Denis Lukovnikov, 2018),
        https://arxiv.org/abs/1709.08894 (one-sided)
    Improving Generalization and Stability of Generative Adversarial Networks (Hoang Thanh-Tung, Truyen Tran, Svetha Venkatesh,
        2019), https://arxiv.org/abs/1902.03984 (zero-centred)
    On Convergence and Stability of GANs (Naveen Kodali, Jacob Abernethy, James Hays, Zsolt Kira, 2017),
        https://arxiv.org/abs/1705.07215 (DRAGAN)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import relu

from saddlepoint.errors import SettingError
from saddlepoint.objectives.adversarial.numbers import check_number
from saddlepoint.objectives.adversarial.penalties import Penalty

# A penalty on the distance of the slope from a target above 0 is one of single examples.
_NO_PACKS = {
    "discriminator.packing": "the target is the slope of one example's logit, and a pack has one logit for several examples"
}


def gradient_penalty(sides: int = 2, target: float = 1.0) -> Penalty:
    """Return the penalty (slope - target)^2 at points that are uniformly distributed between real and generated examples.

    The papers use a weight of 10. A discriminator with BatchNorm scores whole batches, so that the slope of one example's
    logit is not defined; the penalty is then computed from the gradient of the sum of the logits.

    Args:
        sides: 2 penalises slopes below and above the target, 1 only slopes above it.
        target: of the slope, in logits per unit of the model; at least 0.

    Raises:
        SettingError: an argument is out of range.
    """
    how = _distance_from_target(sides, target)
    return Penalty(points_between, how, draw_positions, _NO_PACKS if target else {})


def dragan(sides: int = 2, target: float = 1.0, scale: float = 0.5) -> Penalty:
    """Return the penalty (slope - target)^2 at real examples with Gaussian noise.

    The noise is independent for each number of an example. Its standard deviation is `scale` times that of all numbers in the
    batch, as in the authors' program; the distribution is that of the paper. The paper uses a weight of 10.

    Args:
        sides: 2 penalises slopes below and above the target, 1 only slopes above it.
        target: of the slope, in logits per unit of the model; at least 0.
        scale: standard deviation of the noise relative to that of the batch; at least 0.

    Raises:
        SettingError: an argument is out of range.
    """
    check_number("scale", scale)

    def around(real: Tensor, fake: Tensor, noise: Tensor | None) -> Tensor:
        assert noise is not None, "this penalty draws random numbers"
        # The deviation is a constant: its gradient would be infinite for a batch of equal numbers.
        return real + scale * real.detach().std(correction=0) * noise

    how = _distance_from_target(sides, target)
    return Penalty(around, how, draw_normal, _NO_PACKS if target else {})


def slope(squared_slope: Tensor) -> Tensor:
    """Return the square root, with derivative 0 at 0, where that of the square root is infinite.

    Args:
        squared_slope: at least 0, (B,).

    Returns:
        (B,).
    """
    is_zero = squared_slope == 0
    # Both branches need a finite derivative, because an infinite one times 0 is not a number.
    return torch.where(is_zero, 0.0, torch.where(is_zero, 1.0, squared_slope).sqrt())


def points_between(real: Tensor, fake: Tensor, position: Tensor | None) -> Tensor:
    """Return points on the line between each real and each generated example.

    Args:
        real: (B, *event).
        fake: (B, *event).
        position: (B, 1, ..., 1) in [0, 1], 0 at the real example.

    Returns:
        (B, *event).
    """
    assert position is not None, "points between examples need random positions"
    return real + position * (fake - real)


def draw_positions(n: int, event: Sequence[int], generator: torch.Generator) -> Tensor:
    """Draw uniform numbers in [0, 1), one for each of n examples, (n, 1, ..., 1)."""
    return torch.rand(n, *[1] * len(event), generator=generator, device=generator.device)


def draw_normal(n: int, event: Sequence[int], generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers, (n, *event)."""
    return torch.randn(n, *event, generator=generator, device=generator.device)


def _square(squared_slope: Tensor) -> Tensor:
    return squared_slope


# The slope itself is penalised, without a target and without the factor 1/2 of R1, as in the paper.
ZERO_CENTRED = Penalty(points_between, _square, draw_positions)


def _distance_from_target(sides: int, target: float) -> Callable[[Tensor], Tensor]:
    """The penalty as a function of the squared slope."""
    if isinstance(sides, bool) or sides not in (1, 2):
        raise SettingError(f"sides must be 1 (penalise slopes above the target) or 2 (also below it); got {sides!r}.")
    check_number("target", target)
    if target == 0:
        return _square
    if sides == 1:
        return lambda squared_slope: relu(slope(squared_slope) - target).square()
    return lambda squared_slope: (slope(squared_slope) - target).square()
