"""Penalties of the discriminator: what is penalised (`where`), and how it becomes a cost (`how`).

There are three kinds of penalty:
    `Penalty` on the norm of the logit's gradient, at real, generated or other points (R1, R2, gradient penalties);
    `ConsistencyPenalty` on the difference of the logits of an example and of a changed version of it;
    `ScorePenalty` on the logits themselves, which needs no further forward pass.

R1 and R2: near the solution a discriminator without a penalty still has a gradient, although generated examples are already like
real ones. R1 penalises the squared gradient at real examples, R2 at generated ones. The eigenvalues of the game's Jacobian then
have negative real parts, so that the game converges locally.

References:
    Which Training Methods for GANs do actually Converge? (Mescheder, Geiger, Nowozin, 2018), https://arxiv.org/abs/1801.04406
        (R1, R2)
    The GAN is dead; long live the GAN! A Modern Baseline GAN (Huang, Gokaslan, Kuleshov, Tompkin, 2024),
        https://arxiv.org/abs/2501.05441 (both, with the relativistic loss)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.part_state import Kept, PartState
from saddlepoint.objectives.precision import at_least_float32

Points = Callable[[Tensor, Tensor, Tensor | None], Tensor]
Draw = Callable[[int, Sequence[int], torch.Generator], Tensor]
Kind = Literal["real", "fake"]


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
        forbids: settings that cannot be combined with this penalty, with the reason.
    """

    where: Kind | Points
    how: Callable[[Tensor], Tensor]
    draw: Draw | None = None
    forbids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConsistencyPenalty:
    """A penalty on the change of the logit if an example is changed in a way that should not matter.

    Attributes:
        change: (examples, random numbers) -> changed examples, (B, *event) as the discriminator receives them.
        draw: (n, shape, generator) -> the random numbers of `change` for n examples of this shape.
        how: (logits, logits of the changed examples), (B,) each -> the penalty (B,).
        kinds: the kinds of examples that are changed.
        forbids: settings that cannot be combined with this penalty, with the reason.
    """

    change: Callable[[Tensor, Tensor], Tensor]
    draw: Draw
    how: Callable[[Tensor, Tensor], Tensor]
    kinds: tuple[Kind, ...] = ("real",)
    forbids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ScorePenalty:
    """A penalty on the logits of real and generated examples.

    Attributes:
        how: (real logits (B,), logits of generated examples (B,), tensors of `state`) -> the penalty (B,).
        state: tensors that the penalty keeps between steps; None for a penalty without state.
        forbids: settings that cannot be combined with this penalty, with the reason.
    """

    how: Callable[[Tensor, Tensor, Kept], Tensor]
    state: PartState | None = None
    forbids: Mapping[str, str] = field(default_factory=dict)


AnyPenalty = Penalty | ConsistencyPenalty | ScorePenalty


def draw_of(penalty: AnyPenalty) -> Draw | None:
    """Return the function that draws the random numbers of a penalty; None if it needs none."""
    return None if isinstance(penalty, ScorePenalty) else penalty.draw


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
    values, squared, _ = outputs_and_squared_slope(lambda value: (logit(value), {}), x)
    return values, squared


def outputs_and_squared_slope(outputs: Callable[[Tensor], tuple[Tensor, Any]], x: Tensor) -> tuple[Tensor, Tensor, Any]:
    """As `logit_and_squared_slope`, for a network with further outputs.

    Args:
        outputs: (B, *event) -> the logits (B,), and further outputs in any structure of tensors.
        x: (B, *event).

    Returns:
        Logits (B,), squared norms (B,) in (logits per unit of x) squared, and the further outputs.
    """
    # torch.func's transforms allow no other way than theirs; outside of them torch.autograd is faster, and allows BatchNorm.
    if torch._C._are_functorch_transforms_active():
        values, pull, others = torch.func.vjp(outputs, x, has_aux=True)  # type: ignore[misc]
        (gradient,) = pull(torch.ones_like(values))
    else:
        with torch.enable_grad():
            leaf = x if x.requires_grad else x.detach().requires_grad_()
            values, others = outputs(leaf)
            (gradient,) = torch.autograd.grad(values.sum(), leaf, create_graph=True)
    return values, at_least_float32(gradient).flatten(1).square().sum(1), others
