"""Gradient penalties on the discriminator's logit, which make the game converge instead of oscillate.

Near the solution a discriminator without a penalty still has a gradient, although generated examples are already like real ones.
R1 penalises the squared gradient at real examples, R2 at generated ones. The eigenvalues of the game's Jacobian then have
negative real parts, so that the game converges locally.

References:
    Which Training Methods for GANs do actually Converge? (Mescheder, Geiger, Nowozin, 2018), https://arxiv.org/abs/1801.04406
        (R1, R2)
    The GAN is dead; long live the GAN! A Modern Baseline GAN (Huang, Gokaslan, Kuleshov, Tompkin, 2024),
        https://arxiv.org/abs/2501.05441 (both, with the relativistic loss)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.objectives.precision import at_least_float32

Points = Callable[[Tensor, Tensor, Tensor | None], Tensor]
Draw = Callable[[int, Sequence[int], torch.Generator], Tensor]


@dataclass(frozen=True)
class Penalty:
    """A penalty on the norm of the logit's gradient.

    Attributes:
        where: the points at which the gradient is computed. "real" or "fake" are the points of the discriminator's forward pass;
            a function of (real points, generated points, random numbers), the points (B, *event) as the discriminator receives
            them, returns other points (B, *event).
        how: from the squared norm of the logit's gradient, (B,) in (logits per unit of x) squared, to the penalty (B,).
        draw: (n, shape, generator) -> the random numbers that `where` needs for n examples of this shape; None if it needs
            none.
    """

    where: Literal["real", "fake"] | Points
    how: Callable[[Tensor], Tensor]
    draw: Draw | None = None


def half(squared_slope: Tensor) -> Tensor:
    """Half of the squared norm of the gradient, (B,) -> (B,)."""
    return squared_slope / 2


R1 = Penalty("real", half)
R2 = Penalty("fake", half)


def logit_and_squared_slope(logit: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the logit at x and the squared norm of its gradient.

    Both can be differentiated again, in the training loop, under `torch.func` and under `no_grad`. The gradient is that of the
    sum of the logits: if the discriminator compares examples, it includes the effect of an example on the logits of others.

    Args:
        logit: (B, *event) -> (B,).
        x: (B, *event).

    Returns:
        Logits (B,), and squared norms (B,) in (logits per unit of x) squared.
    """
    # torch.func's transforms allow no other way than theirs; outside of them torch.autograd is faster, and allows BatchNorm.
    if torch._C._are_functorch_transforms_active():
        values, pull = torch.func.vjp(logit, x)[:2]
        (gradient,) = pull(torch.ones_like(values))
    else:
        with torch.enable_grad():
            leaf = x if x.requires_grad else x.detach().requires_grad_()
            values = logit(leaf)
            (gradient,) = torch.autograd.grad(values.sum(), leaf, create_graph=True)
    return values, at_least_float32(gradient).flatten(1).square().sum(1)
