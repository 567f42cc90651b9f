"""Penalties on the slope of the discriminator's logit: what makes the game converge where its players would circle.

Around the solution a discriminator without a penalty keeps pushing although there is nothing left to distinguish. R1 asks that
its logit be flat at real examples, R2 at generated ones; the Jacobian of the game then has eigenvalues with a real part of the
right sign.

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
    """Where the slope is measured, and what it costs.

    Attributes:
        where: "real" or "fake", the points of the discriminator's own forward pass; or a function of real and generated
            points (B, *event), as the discriminator sees them, and of the numbers that `draw` made, which returns points
            (B, *event).
        how: from the squared norm of the logit's gradient, (B,) in squared logits a unit of x, to the cost (B,).
        draw: makes the random numbers that `where` needs for n examples of a shape, given (n, shape, generator); None where it
            needs none.
    """

    where: Literal["real", "fake"] | Points
    how: Callable[[Tensor], Tensor]
    draw: Draw | None = None


def half(squared_slope: Tensor) -> Tensor:
    """Half of the squared slope, (B,) -> (B,)."""
    return squared_slope / 2


R1 = Penalty("real", half)
R2 = Penalty("fake", half)


def logit_and_squared_slope(logit: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """The logit at x and the squared norm of its gradient.

    Both can be differentiated further, in the loop of a single run, under `torch.func` and under `no_grad`. The gradient is
    that of the sum of the logits: where examples are judged together, it has a share in the others' logits too.

    Args:
        logit: (B, *event) -> (B,).
        x: (B, *event).

    Returns:
        Logits (B,), and squared slopes (B,) in squared logits a unit of x.
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
