"""The parts of one adversarial game, and what the discriminator that they describe is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from saddlepoint.objectives.adversarial.constraints import Constraint
from saddlepoint.objectives.adversarial.heads import Head
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.part_state import PartState
from saddlepoint.objectives.adversarial.penalties import AnyPenalty
from saddlepoint.objectives.adversarial.views import View
from saddlepoint.objectives.phase import Nets
from saddlepoint.objectives.precision import at_least_float32


@dataclass(frozen=True)
class Composition:
    """The parts of one game.

    Attributes:
        loss: the loss as a function of logits.
        penalties: by name, the penalty and its weight.
        views: by name, in the order in which they are applied.
        constraints: by player, "d", "g" or "e".
        label_smoothing: real examples are labelled 1 minus this; at least 0, below 0.5.
        conditional: whether both players take labels.
        heads: by name, the further outputs of the discriminator.
        codes: how many of the last numbers of the generator's input are codes, which heads may predict.
        judged: shape of one input of the discriminator, where it is not an example; None for an example.
        packing: examples that the discriminator judges together.
        supervised: whether heads take the labels of real examples, of which some may be missing, although no player takes them.
    """

    loss: AdversarialLoss
    penalties: Mapping[str, tuple[AnyPenalty, float]] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    label_smoothing: float = 0.0
    conditional: bool = False
    heads: Mapping[str, Head] = field(default_factory=dict)
    codes: int = 0
    judged: tuple[int, ...] | None = None
    packing: int = 1
    supervised: bool = False

    @property
    def states(self) -> dict[str, PartState]:
        """The state of each part that has one, by the part's name in settings."""
        parts: dict[str, Any] = {"objective": self.loss}
        parts |= {f"penalties.{name}": penalty for name, (penalty, _) in self.penalties.items()}
        parts |= {f"views.{name}": view for name, view in self.views.items()}
        found = {name: getattr(part, "state", None) for name, part in parts.items()}
        return {name: state for name, state in found.items() if state is not None}


def logits(nets: Nets, x: Tensor, **condition: Tensor) -> Tensor:
    """Return the discriminator's logits; an output (B, 1, ...) is flattened.

    Args:
        nets: the networks by name.
        x: (B, *event) as the discriminator receives it.
        **condition: `labels` (B,) in a conditional game.

    Returns:
        (B,).
    """
    return at_least_float32(nets["d"](x, **condition).reshape(x.shape[0]))


def outputs(
    parts: Composition, nets: Nets, x: Tensor, condition: Mapping[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the discriminator's logits and the outputs of its heads, from one forward pass.

    Args:
        parts: of the game.
        nets: the networks by name.
        x: (B, *event) as the discriminator receives it.
        condition: keyword arguments of the network.

    Returns:
        (B,) logits, and (B, size) by head.
    """
    if not parts.heads:
        return logits(nets, x, **condition), {}
    logit, heads = nets["d"](x, heads=True, **condition)
    return at_least_float32(logit.reshape(x.shape[0])), {name: at_least_float32(o) for name, o in heads.items()}


def apply_views(parts: Composition, x: Tensor, drawn: Mapping[str, Tensor] | None) -> Tensor:
    """Apply all views to x: the discriminator's input.

    Args:
        parts: of the game.
        x: (B, *event).
        drawn: the random numbers of the views that are in use, by name.

    Returns:
        (B, *event).
    """
    for name, numbers in (drawn or {}).items():
        x = parts.views[name](x, numbers)
    return x
