"""The duality gap, a distance of a game from its equilibrium: what each player can gain while the others are fixed.

At an equilibrium no player can gain by moving alone. Otherwise, a copy of each player takes a few steps against the
present opponents. Its gain on unseen examples is the player's part of the gap. Unlike the losses, the gap has an
absolute meaning: it decreases during convergence and is 0 at an equilibrium.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.models.capabilities import Playable
from saddlepoint.models.copying import copy_with_networks
from saddlepoint.objectives.phase import Batch, Phase


@dataclass(frozen=True)
class DualityGap:
    """The duality gap, in the units of the losses (nats for cross-entropies).

    Attributes:
        gap: the sum of `gains`. Its interval is the sum of the players' intervals, so it is conservative.
        gains: of each player, by name.
    """

    gap: Interval
    gains: dict[str, Interval]


def duality_gap(
    model: Playable,
    x: Tensor,
    *,
    labels: Tensor | None = None,
    steps: int = 100,
    learning_rate: float = 1e-3,
    batch_size: int = 64,
    seed: int = 0,
) -> DualityGap:
    """Estimate what each player of a game can gain; steps are taken on one half of x and gains are measured on the
    other half.

    For losses that add up to zero this is the duality gap. For others (a non-saturating generator) it is the sum of
    what each player gains in its own loss. A finite number of steps does not reach the best response, so the value is
    a lower estimate and comparable only for equal settings. Losses that compare examples within a batch make the
    intervals too narrow.

    Args:
        model: a game of two players or more; it is not changed.
        x: (N, *event) held-out examples in the data's units, at least two batches; in random order.
        labels: (N,) int64, of a conditional game.
        steps: of Adam for each copy, at least 1.
        learning_rate: of Adam, above 0.
        batch_size: examples in a batch, for steps and for measurement.
        seed: of the batches and the noise.

    Raises:
        SettingError: the model has one player, or a setting is out of range.
        DataError: x does not fill two batches.

    References:
        A domain agnostic measure for monitoring and evaluating GANs (Paulina Grnarova, Kfir Y. Levy, Aurelien Lucchi,
            Nathanaël
        Perraudin, Ian Goodfellow, Thomas Hofmann, Andreas Krause, 2019), https://arxiv.org/abs/1811.05512
    """
    movers = {phase.player: phase for phase in reversed(model.phases) if phase.gradient}
    if len(movers) < 2:
        raise SettingError(
            f"the duality gap is of a game of two players that learn by gradients, but model.family {model.family} has "
            f"{len(movers) or 'none'}."
        )
    for what, number, fits in (
        ("steps", steps, steps >= 1),
        ("batch_size", batch_size, batch_size >= 1),
        ("learning_rate", learning_rate, 0 < learning_rate < math.inf),
    ):
        if not fits:
            least = "finite and above 0" if what == "learning_rate" else "at least 1"
            raise SettingError(f"the duality gap: {what} must be {least}, got {number!r}.")
    if len(x) < 2 * batch_size:
        raise DataError(
            f"the duality gap needs two batches of {batch_size} held-out examples, got {len(x)}: hold out more, or lower "
            "batch_size."
        )
    scaled = model.scaling.to_model(x.to(model.device))
    y = None if labels is None else labels.to(model.device)
    half = len(x) // 2
    seen, unseen = (
        Batch(scaled[part], None if y is None else y[part]) for part in (slice(None, half), slice(half, None))
    )
    gains = {}
    cuda = [model.device] if model.device.type == "cuda" else []
    for name in dict.fromkeys(phase.player for phase in model.phases if phase.gradient):
        with torch.random.fork_rng(devices=cuda):
            answered = _best_response(model, movers[name], seen, steps, learning_rate, batch_size, seed)
            before, after = (_losses(game, movers[name], unseen, batch_size, seed + 1) for game in (model, answered))
        gains[name] = mean_interval(before - after)
    bounds = [sum(getattr(gain, bound) for gain in gains.values()) for bound in ("value", "low", "high")]
    return DualityGap(Interval(*bounds), gains)


def _best_response(
    model: Playable, phase: Phase, seen: Batch, steps: int, learning_rate: float, batch_size: int, seed: int
) -> Playable:
    """A copy of the game in which the phase's players have taken `steps` steps and the others are unchanged."""
    game = _copy_game(model)
    generator = torch.Generator(game.device).manual_seed(seed)
    torch.manual_seed(seed)
    players = [game.players[name] for name in phase.players]
    parameters = [p for player in players for p in player.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=learning_rate)
    for _ in range(steps):
        index = torch.randint(len(seen.x), (batch_size,), generator=generator, device=generator.device)
        noise = game.noise(phase, batch_size, game.trained_steps or 0, generator)
        batch = Batch(seen.x[index], None if seen.y is None else seen.y[index])
        loss = phase.loss(game.players, batch, noise)[0].mean()
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimiser.step()
    return game


def _losses(model: Playable, phase: Phase, unseen: Batch, batch_size: int, seed: int) -> Tensor:
    """The player's losses on whole batches, (N,); equal seeds give equal noise and batches.

    Gradients stay enabled, because a loss with a gradient penalty computes them.
    """
    game = _copy_game(model)
    generator = torch.Generator(game.device).manual_seed(seed)
    torch.manual_seed(seed)
    losses = []
    for start in range(0, len(unseen.x), batch_size):
        rows = slice(start, start + batch_size)
        part, y = unseen.x[rows], None if unseen.y is None else unseen.y[rows]
        if len(part) == batch_size:
            noise = game.noise(phase, batch_size, game.trained_steps or 0, generator)
            with torch.enable_grad():  # a loss may penalise gradients with respect to its batch, hence the copy
                losses.append(phase.loss(game.players, Batch(part.clone(), y), noise)[0].detach())
    return torch.cat(losses).double()


def _copy_game(model: Playable) -> Playable:
    """A copy whose players are in training mode, with buffers of their own."""
    game = copy_with_networks(model, model.players.values())
    for player in game.players.values():
        player.train()
    return game
