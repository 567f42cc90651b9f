"""A game is a sequence of phases; each phase updates one player.

A *loss* is pure: `(nets, batch, noise) -> (per-sample loss (B,), observations)`. `nets` maps the names of players to
callables, so that the same loss works with one module and with many stacked ones (`torch.func`). All random numbers are
passed in as `noise`, which the model draws from an explicit generator: exact resume, tests and lanes depend on this. A
loss never calls `.backward()`, never logs and never reduces over the batch.

A loss that simulates updates of another player (`unrolled`) needs that player as an `nn.Module`, since it replaces its
parameters by `torch.func.functional_call`. In the training loop, all players are modules except those whose output two phases
share (`Phase.shares`), and in lanes all players are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from torch import Tensor

Nets = Mapping[str, Callable[..., Any]]
Noise = Any  # a dataclass of the game, see `saddlepoint.objectives.noise`
Observations = dict[str, Tensor]


class Batch(NamedTuple):
    """A batch of training examples.

    Attributes:
        x: (B, *event) float32 in the model's units.
        y: (B,) int64 labels or None.
    """

    x: Tensor
    y: Tensor | None = None


Loss = Callable[[Nets, Batch, Noise], tuple[Tensor, Observations]]
KEPT = "kept/"  # begins the names of observations that are state instead of series


@dataclass(frozen=True)
class Phase:
    """An update of one or more players, `repeats` times in each training step: minimise `loss` over their parameters.

    The loss names its observations `quantity`; they become the series `player/quantity`. They may have any shape (one value
    for each sample or each unit): a record holds their mean over all entries and over the tick. A name that begins with a
    player's name and a slash is used unchanged.

    Attributes:
        player: the name of the player that is updated; the series of the loss and of its observations have this name.
        loss: (nets, batch, noise) -> loss (B,) and observations. Observations whose names begin with `KEPT` are not recorded:
            they are the new values of state, for `keep`.
        repeats: the number of updates in each training step.
        uses_data: False if the loss does not use `batch.x`; it then gets the previous batch, and no new one is read.
        gradient: False if the player learns without gradients, for example by expectation maximisation. `loss` is then
            called without recording gradients, updates the player or the model itself, and returns the quality of the fit
            (B,). There is no optimiser and no learning rate. The player need not be a network: its name is used for its
            series and its role.
        shares: what the phase takes from the previous phase instead of drawing or computing it. "noise": its noise; the player's
            output is computed from it again, for example because the player also gets the labels of a new batch. "output": its
            noise, and the output that the player computed from it, with its graph; the player must get the same arguments.
        also: further players that are updated with the same loss, each by its own optimiser.
        keep: called with the observations of every update, from which it removes those that begin with `KEPT`. This is how a
            loss with state, such as a moving average of scores, remains a pure function: state goes in with the noise and
            comes out with the observations.
    """

    player: str
    loss: Loss
    repeats: int = 1
    uses_data: bool = True
    shares: Literal["nothing", "noise", "output"] = "nothing"
    gradient: bool = True
    also: tuple[str, ...] = ()
    keep: Callable[[Observations], None] | None = None

    @property
    def players(self) -> tuple[str, ...]:
        """All players that are updated, the one that names the series first."""
        return (self.player, *self.also)
