"""A game is data: phases that each let one player move.

A *loss* is pure: `(nets, batch, noise) -> (per-sample loss (B,), observations)`. `nets` maps the names of players to
callables, so that the same loss serves one module or a thousand stacked ones (`torch.func`). All randomness comes in
as `noise`, drawn by the model from an explicit generator: that makes exact resume, tests and lanes possible. A loss
never calls `.backward()`, never logs and never reduces over the batch.

A loss that moves another player in thought (`unrolled`) takes that player as an `nn.Module` and replaces its parameters by
`torch.func.functional_call`: the loop's players that do not share noise are modules, and so are those of lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor, nn

Nets = Mapping[str, Callable[..., Any]]
Noise = Any  # the bundle of the game, see `noise`
Observations = dict[str, Tensor]


class Batch(NamedTuple):
    """A batch of training examples.

    Args:
        x: (B, *event) float32 in the model's units.
        y: (B,) int64 labels or None.
    """

    x: Tensor
    y: Tensor | None = None


Loss = Callable[[Nets, Batch, Noise], tuple[Tensor, Observations]]


@dataclass(frozen=True)
class Phase:
    """One player's move, `repeats` times a step: minimise `loss` over that player's parameters.

    `observations` of the loss are named `quantity`; they become the series `player/quantity`. They may have any shape
    (per sample, per unit): a record holds their mean over all entries and over the tick. A name that begins with another
    player's name and a slash is taken as it is.

    Args:
        player: the name of the player that moves.
        loss: (nets, batch, noise) -> loss (B,) and observations.
        repeats: moves a step.
        uses_data: False where the loss does not use `batch.x`, so that no batch has to be fetched; it then gets the previous
            batch.
        gradient: False where the player learns without a gradient, as by expectation maximisation: `loss` is then called
            without recording gradients, updates the player or the model itself, and returns the quality of the fit (B,). There is
            no optimiser and no learning rate. The player need not be a network: its name is that of its series and its role.
        shares_noise: True where the phase uses the noise of the phase before it. What its player computed from that noise there,
            while it did not move, is then reused.
        after_update: called with the player after each of its updates, such as a projection of its weights.
    """

    player: str
    loss: Loss
    repeats: int = 1
    uses_data: bool = True
    shares_noise: bool = False
    gradient: bool = True
    after_update: Callable[[nn.Module], None] | None = None
