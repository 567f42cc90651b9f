"""Series that belong to a value of held-out examples: rules need them to tell a gap from chance."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.arrays import standard_error


def held_out_scale(player: str, quantity: str, values: Tensor, density_of: Event | None = None) -> dict[str, Tensor]:
    """Return the series that say what a difference of held-out values means.

    Args:
        player: that reports them.
        quantity: of the values: "log_prob".
        values: (N,) of held-out examples.
        density_of: the event if the values are log densities, or bounds on these; None for values without units.

    Returns:
        `PLAYER/held_out_QUANTITY_error` (), the standard error of the mean, for two examples or more; `PLAYER/density_numbers` (), the
        numbers of an example without constant channels and columns, for log densities alone.
    """
    found = {}
    if len(values) > 1:
        found[f"{player}/held_out_{quantity}_error"] = standard_error(values)
    if density_of is not None:
        one = torch.empty(1, *density_of.shape, device="cpu")
        found[f"{player}/density_numbers"] = torch.tensor(float(density_of.without_constants(one).numel()))
    return found
