"""The density of a diffusion model by its differential equation: the change of log p along a path is minus the divergence.

The divergence is exact: one derivative for each number of an example, so that the cost grows with the square of their count. The only
approximation is the discretisation of the equation.

References:
    Score-Based Generative Modeling through Stochastic Differential Equations (Yang Song et al., 2020), section 4.3 and appendix
        D.2, https://arxiv.org/abs/2011.13456
    Neural Ordinary Differential Equations (Ricky Chen, Yulia Rubanova, Jesse Bettencourt, David Duvenaud, 2018), section 4,
        https://arxiv.org/abs/1806.07366
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.diffusion.settings import DiffusionSettings

LARGEST_DENSITY = 64  # numbers in an example with a density
Field = Callable[[Tensor, float], Tensor]  # x (B, *event) and t -> dx/dt


def with_divergence(field: Field, x: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """Return the velocity (B, *event) and its divergence (B,).

    Args:
        field: dx/dt, which treats every row alone.
        x: (B, *event).
        t: the time.
    """
    count, size = len(x), x[0].numel()
    with torch.enable_grad():
        copies = x.detach().repeat(size, *[1] * (x.ndim - 1)).requires_grad_()
        slopes = field(copies, t)
        rows = slopes.view(size, count, size)
        own = torch.arange(size, device=x.device)
        (gradient,) = torch.autograd.grad(rows[own, :, own].sum(), copies)
    divergence = gradient.view(size, count, size)[own, :, own].sum(0)
    return slopes[:count].detach(), divergence


def integrate(field: Field, x: Tensor, times: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Integrate x and the divergence by Heun's method.

    Args:
        field: dx/dt.
        x: (B, *event), at the first time.
        times: in the order in which they are visited.

    Returns:
        x (B, *event) at the last time, and the integral of the divergence (B,).
    """
    total = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    for now, following in pairwise(times):
        step = following - now
        here, divergence = with_divergence(field, x, now)
        there, next_divergence = with_divergence(field, x + step * here, following)
        x = x + step / 2 * (here + there)
        total = total + step / 2 * (divergence + next_divergence)
    return x, total


def check_density(settings: DiffusionSettings, event: Event) -> None:
    """Check that a density that is asked for can be computed.

    Args:
        settings: of the model.
        event: what one example is.

    Raises:
        SettingError: it cannot.
    """
    if not settings.density_steps:
        return
    wrong = None
    if event.size > LARGEST_DENSITY:
        wrong = f"of at most {LARGEST_DENSITY} numbers, and one of these has {event.size:,}"
    elif event.levels is not None:
        wrong = "of real numbers, and these are whole numbers"
    elif event.constants:
        wrong = "without constant columns, and these have some"
    if wrong is not None:
        raise SettingError(f"model.density_steps: the density is computed for examples {wrong}: set it to 0.")
