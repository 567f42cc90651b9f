"""Penalties on the slope of the discriminator's score: what makes the game converge where its players would circle.

Around the solution a discriminator without penalty keeps pushing though there is nothing left to tell. R1 asks that its
score be flat at real examples, R2 at generated ones; the game's Jacobian then has eigenvalues with a real part of the right
sign.

R1 and R2: Which Training Methods for GANs do actually Converge? (Mescheder, Geiger, Nowozin, 2018),
https://arxiv.org/abs/1801.04406; both together, with the relativistic loss: The GAN is dead; long live the GAN! A Modern
Baseline GAN (Huang, Gokaslan, Kuleshov, Tompkin, 2024), https://arxiv.org/abs/2501.05441
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.objectives.precision import at_least_float32


def scored(score: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """score(x), (B,), and the squared norm of its gradient at x, (B,), in squared units of score a unit of x.

    Both can be differentiated further, in the loop of a single run, under `torch.func` and under `no_grad`. The gradient is
    that of the scores' sum: where examples are judged together, it has a share in the others' scores too.
    """
    # torch.func's transforms allow no other way than theirs; outside of them torch.autograd's is faster, and allows BatchNorm.
    if torch._C._are_functorch_transforms_active():
        values, pull = torch.func.vjp(score, x)[:2]
        (gradient,) = pull(torch.ones_like(values))
    else:
        with torch.enable_grad():
            leaf = x if x.requires_grad else x.detach().requires_grad_()
            values = score(leaf)
            (gradient,) = torch.autograd.grad(values.sum(), leaf, create_graph=True)
    return values, at_least_float32(gradient).flatten(1).square().sum(1)


def gradient_penalty(slope: Tensor, weight: float) -> Tensor:
    """weight / 2 times the squared norm of the gradient, (B,) -> (B,)."""
    return weight / 2 * slope
