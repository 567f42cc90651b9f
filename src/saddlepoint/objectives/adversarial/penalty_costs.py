"""The costs of a game's penalties. Each forward pass and each gradient is computed once, whatever is combined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from saddlepoint.objectives.adversarial.composition import Composition, logits, outputs
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.penalties import (
    ConsistencyPenalty,
    Kind,
    Penalty,
    ScorePenalty,
    outputs_and_squared_slope,
)
from saddlepoint.objectives.phase import Nets, Observations


class Judged(NamedTuple):
    """What the discriminator returned for the examples of one kind.

    Attributes:
        x: (B, *event), its input.
        logit: (B,).
        heads: by head, (B, size).
    """

    x: Tensor
    logit: Tensor
    heads: dict[str, Tensor]


@dataclass(frozen=True)
class Costs:
    """Costs that the discriminator's loss adds to that of the logits. A sum has the costs and observations of both sides.

    Attributes:
        weighted: (B,) each, times their weights.
        observed: observations, (B,) each.
    """

    weighted: tuple[Tensor, ...] = ()
    observed: Observations = field(default_factory=dict)

    def __add__(self, other: Costs) -> Costs:
        return Costs(self.weighted + other.weighted, self.observed | other.observed)


def judge_kind(
    parts: Composition, nets: Nets, kind: Kind, x: Tensor, condition: Mapping[str, Tensor], noise: GameNoise
) -> tuple[Judged, Costs]:
    """Run the discriminator on the examples of one kind, and compute the penalties of the slope at these examples.

    Args:
        parts: of the game.
        nets: the networks by name.
        kind: of the examples.
        x: (B, *event), the discriminator's input.
        condition: keyword arguments of the network.
        noise: with the weights of penalties at this step.

    Returns:
        The outputs; and the penalties, with the observation `real_slope` or `fake_slope`, (B,) in logits per unit of x, if there
        are any.
    """
    penalties = {
        name: penalty
        for name, (penalty, _) in parts.penalties.items()
        if isinstance(penalty, Penalty) and penalty.where == kind
    }
    if not penalties:
        return Judged(x, *outputs(parts, nets, x, condition)), Costs()
    logit, squared, heads = outputs_and_squared_slope(lambda value: outputs(parts, nets, value, condition), x)
    weighted = tuple(_weighted(parts, name, penalty.how(squared), noise) for name, penalty in penalties.items())
    return Judged(x, logit, heads), Costs(weighted, {f"{kind}_slope": squared.detach().sqrt()})


def other_costs(
    parts: Composition, nets: Nets, real: Judged, fake: Judged, condition: Mapping[str, Tensor], noise: GameNoise
) -> Costs:
    """Compute the penalties of the slope at other points, and those of differences and of scores.

    Args:
        parts: of the game.
        nets: the networks by name.
        real, fake: what `judge_kind` returned for real and generated examples.
        condition: keyword arguments of the network.
        noise: with the random numbers and the state of penalties.

    Returns:
        The penalties, with the observations `NAME_slope`, (B,) in logits per unit of x.
    """
    judged: dict[Kind, Judged] = {"real": real, "fake": fake}
    costs = Costs()
    for name, (penalty, _) in parts.penalties.items():
        drawn = (noise.penalties or {}).get(name)
        if isinstance(penalty, ScorePenalty):
            kept = (noise.kept or {}).get(f"penalties.{name}", {})
            costs += Costs((_weighted(parts, name, penalty.how(real.logit, fake.logit, kept), noise),))
        elif isinstance(penalty, ConsistencyPenalty):
            assert drawn is not None, "a consistency penalty draws random numbers"
            for kind in penalty.kinds:
                changed = logits(nets, penalty.change(judged[kind].x, drawn), **condition)
                costs += Costs((_weighted(parts, name, penalty.how(judged[kind].logit, changed), noise),))
        elif callable(penalty.where):
            points = penalty.where(real.x, fake.x, drawn)
            _, squared, _ = outputs_and_squared_slope(lambda value: (logits(nets, value, **condition), {}), points)
            cost = _weighted(parts, name, penalty.how(squared), noise)
            costs += Costs((cost,), {f"{name}_slope": squared.detach().sqrt()})
    return costs


def _weighted(parts: Composition, name: str, cost: Tensor, noise: GameNoise) -> Tensor:
    """A penalty (B,) times its weight at this step."""
    cost = cost * parts.penalties[name][1]
    return cost if noise.penalty_scales is None else cost * noise.penalty_scales.get(name, 1.0)
