"""The costs of a game's penalties. Each forward pass and each gradient is computed once, whatever is combined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def judge_kind(
    parts: Composition, nets: Nets, kind: Kind, x: Tensor, condition: Mapping[str, Tensor], noise: GameNoise
) -> tuple[Judged, list[Tensor], Observations]:
    """Run the discriminator on the examples of one kind, and compute the penalties of the slope at these examples.

    Args:
        parts: of the game.
        nets: the networks by name.
        kind: of the examples.
        x: (B, *event), the discriminator's input.
        condition: keyword arguments of the network.
        noise: with the weights of penalties at this step.

    Returns:
        The outputs; the weighted penalties, (B,) each; and with penalties the observation `real_slope` or `fake_slope`, (B,) in
        logits per unit of x.
    """
    penalties = [(name, penalty) for name, penalty in _slope_penalties(parts) if penalty.where == kind]
    if not penalties:
        return Judged(x, *outputs(parts, nets, x, condition)), [], {}
    logit, squared, heads = outputs_and_squared_slope(lambda value: outputs(parts, nets, value, condition), x)
    costs = [_weighted(parts, name, penalty.how(squared), noise) for name, penalty in penalties]
    return Judged(x, logit, heads), costs, {f"{kind}_slope": squared.detach().sqrt()}


def other_costs(
    parts: Composition, nets: Nets, judged: Mapping[Kind, Judged], condition: Mapping[str, Tensor], noise: GameNoise
) -> tuple[list[Tensor], Observations]:
    """Compute the penalties of the slope at other points, and those of differences and of scores.

    Args:
        parts: of the game.
        nets: the networks by name.
        judged: what `judge_kind` returned for real and generated examples.
        condition: keyword arguments of the network.
        noise: with the random numbers and the state of penalties.

    Returns:
        The weighted penalties, (B,) each, and the observations `NAME_slope`, (B,) in logits per unit of x.
    """
    costs: list[Tensor] = []
    slopes: Observations = {}
    real, fake = judged["real"], judged["fake"]
    for name, penalty in _slope_penalties(parts):
        if callable(penalty.where):
            numbers = None if penalty.draw is None else (noise.penalties or {})[name]
            points = penalty.where(real.x, fake.x, numbers)
            _, squared, _ = outputs_and_squared_slope(lambda value: (logits(nets, value, **condition), {}), points)
            costs.append(_weighted(parts, name, penalty.how(squared), noise))
            slopes[f"{name}_slope"] = squared.detach().sqrt()
    for name, (other, _) in parts.penalties.items():
        if isinstance(other, ConsistencyPenalty):
            drawn = (noise.penalties or {})[name]
            for kind in other.kinds:
                changed = logits(nets, other.change(judged[kind].x, drawn), **condition)
                costs.append(_weighted(parts, name, other.how(judged[kind].logit, changed), noise))
        elif isinstance(other, ScorePenalty):
            kept = (noise.kept or {}).get(f"penalties.{name}", {})
            costs.append(_weighted(parts, name, other.how(real.logit, fake.logit, kept), noise))
    return costs, slopes


def _slope_penalties(parts: Composition) -> Iterator[tuple[str, Penalty]]:
    for name, (penalty, _) in parts.penalties.items():
        if isinstance(penalty, Penalty):
            yield name, penalty


def _weighted(parts: Composition, name: str, cost: Tensor, noise: GameNoise) -> Tensor:
    """A penalty (B,) times its weight at this step."""
    cost = cost * parts.penalties[name][1]
    return cost if noise.penalty_scales is None else cost * noise.penalty_scales.get(name, 1.0)
