"""The composer: combines a loss, penalties, views and constraints into the phases of one game.

The parts are independent of each other. Every forward pass and every gradient is computed once: a penalty at real or
generated examples uses the gradient of the same forward pass as the loss.

All losses use nets["d"]: (B, *event) -> B logits, nets["g"]: (B, latent) -> (B, *event), and a `GameNoise`. In a conditional
game both networks also take `labels=` (B,) int64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.objectives.adversarial.constraints import Constraint
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.penalties import Penalty, logit_and_squared_slope
from saddlepoint.objectives.adversarial.unrolled import unrolled
from saddlepoint.objectives.adversarial.views import View
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations, Phase
from saddlepoint.objectives.precision import at_least_float32


@dataclass(frozen=True)
class Composition:
    """The parts of one game.

    Attributes:
        loss: the loss as a function of logits.
        penalties: by name, the penalty and its weight.
        views: by name, in the order in which they are applied.
        constraints: by player, "d" or "g".
        label_smoothing: real examples are labelled 1 minus this; at least 0, below 0.5.
        conditional: whether both players take labels.
    """

    loss: AdversarialLoss
    penalties: Mapping[str, tuple[Penalty, float]] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    label_smoothing: float = 0.0
    conditional: bool = False


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


def adversarial_game(
    parts: Composition,
    *,
    discriminator_updates: int = 1,
    fresh_noise: bool = False,
    unrolled_steps: int = 0,
    unrolled_rate: float = 0.1,
) -> tuple[Phase, ...]:
    """Return the phases of one step: the discriminator is updated `discriminator_updates` times, then the generator once.

    Args:
        parts: of the game.
        discriminator_updates: at least 1.
        fresh_noise: whether the generator's update draws its own noise, as in the original Algorithm 1, or reuses the samples of
            the discriminator's last update. Reuse saves a forward pass of the generator, but gives another estimate, because
            the discriminator was just updated on the same samples.
        unrolled_steps: number of steps of the discriminator that the generator's update looks ahead (see `unrolled`); 0 for
            none.
        unrolled_rate: the step size of these steps.
    """
    generator = generator_loss(parts)
    if unrolled_steps:
        generator = unrolled(
            generator,
            discriminator_loss(parts, detached=False),
            unrolled_steps,
            unrolled_rate,
            conditional=parts.conditional,
        )
    # Labels are those of the previous batch, for which the samples were made.
    needs_data = parts.loss.paired or parts.loss.features or unrolled_steps > 0
    return (
        Phase("d", discriminator_loss(parts), repeats=discriminator_updates, after_update=_projection(parts, "d")),
        Phase("g", generator, uses_data=needs_data, shares_noise=not fresh_noise, after_update=_projection(parts, "g")),
    )


def discriminator_loss(parts: Composition, *, detached: bool = True) -> Loss:
    """Return the discriminator's loss: the loss of its logits plus the weighted penalties.

    The loss observes `real_score` and `fake_score`, (B,): the probability of being real, or, for a paired loss, of being the
    real example of the pair. Without a link to a probability it observes `real_output` and `fake_output`. For each penalty it
    observes `real_slope`, `fake_slope` or `NAME_slope`, (B,): the norm of the logit's gradient.

    Args:
        parts: of the game.
        detached: whether samples are constants, as in the discriminator's own update.

    References:
        Improved Techniques for Training GANs (Salimans et al., 2016), https://arxiv.org/abs/1606.03498 (one-sided label
            smoothing)
        How to Train a GAN? Tips and tricks to make GANs work (Chintala, Denton, Arjovsky, Mathieu, 2016), point 6,
            https://github.com/soumith/ganhacks (flipped labels)
        Learning from Simulated and Unsupervised Images through Adversarial Training (Shrivastava et al., 2017),
            section 2.3, https://arxiv.org/abs/1612.07828 (replay)
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        condition = _condition(parts, batch)
        made = nets["g"](noise.latent, **condition)
        if detached:
            # The generator's update may use the same samples, and then they come with their graph.
            made = made.detach()
        if noise.replayed is not None and noise.is_replayed is not None:
            where = noise.is_replayed.reshape(-1, *[1] * (made.ndim - 1))
            made = torch.where(where, noise.replayed.to(made.dtype), made)
        costs: list[Tensor] = []
        slopes: Observations = {}
        judged, points_seen = [], []
        for kind, x, drawn in (("real", batch.x, noise.real_views), ("fake", made, noise.fake_views)):
            seen = _view(parts, x, drawn)
            points_seen.append(seen)
            penalties = {name: entry for name, entry in parts.penalties.items() if entry[0].where == kind}
            if penalties:
                logit, squared = logit_and_squared_slope(lambda value: logits(nets, value, **condition), seen)
                costs += [_cost(name, *entry, squared, noise) for name, entry in penalties.items()]
                slopes[f"{kind}_slope"] = squared.detach().sqrt()
            else:
                logit = logits(nets, seen, **condition)
            judged.append(logit)
        for name, (penalty, weight) in parts.penalties.items():
            if callable(penalty.where):
                drawn_numbers = (noise.penalties or {}).get(name)
                points = penalty.where(points_seen[0], points_seen[1], drawn_numbers)
                _, squared = logit_and_squared_slope(lambda value: logits(nets, value, **condition), points)
                costs.append(_cost(name, penalty, weight, squared, noise))
                slopes[f"{name}_slope"] = squared.detach().sqrt()
        value, observations = _judgement(parts, judged[0], judged[1], noise)
        return sum(costs, value), observations | slopes

    return loss


def generator_loss(parts: Composition) -> Loss:
    """Return the generator's loss. A paired loss pairs examples by their index in the batch."""
    part = parts.loss

    def from_features(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        condition = _condition(parts, batch)

        def features(x: Tensor, drawn: Mapping[str, Tensor] | None) -> Tensor:
            return at_least_float32(nets["d"](_view(parts, x, drawn), features=True, **condition))

        real = features(batch.x, noise.real_views)
        fake = features(nets["g"](noise.latent, **condition), noise.fake_views)
        return _per_example(part.generator(real, fake), len(batch.x)), {}

    def from_logits(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        condition = _condition(parts, batch)
        real = logits(nets, _view(parts, batch.x, noise.real_views), **condition) if part.paired else None
        made = nets["g"](noise.latent, **condition)
        fake = logits(nets, _view(parts, made, noise.fake_views), **condition)
        return part.generator(fake if real is None else fake - real), {}

    return from_features if part.features else from_logits


def _per_example(value: Tensor, n: int) -> Tensor:
    """Repeat the values of a discriminator of packs, one for each pack, for each of the n examples."""
    return value if len(value) == n else value.repeat_interleave(-(-n // len(value)))[:n]


def _condition(parts: Composition, batch: Batch) -> dict[str, Tensor]:
    """The keyword arguments of both networks: the labels in a conditional game, otherwise none."""
    if not parts.conditional:
        return {}
    assert batch.y is not None, "a conditional game is only built for data with labels"
    return {"labels": batch.y}


def _view(parts: Composition, x: Tensor, drawn: Mapping[str, Tensor] | None) -> Tensor:
    """Apply all views to x (B, *event): the discriminator's input."""
    for name, numbers in (drawn or {}).items():
        x = parts.views[name](x, numbers)
    return x


def _cost(name: str, penalty: Penalty, weight: float, squared_slope: Tensor, noise: GameNoise) -> Tensor:
    """The weighted penalty, (B,)."""
    cost = penalty.how(squared_slope) * weight
    return cost if noise.penalty_scales is None else cost * noise.penalty_scales.get(name, 1.0)


def _judgement(parts: Composition, real: Tensor, fake: Tensor, noise: GameNoise) -> tuple[Tensor, Observations]:
    """The discriminator's loss of the logits (B,) of real and generated examples, and the observed scores or outputs."""
    part, smoothing = parts.loss, parts.label_smoothing
    label = 1 - smoothing
    if part.paired:
        real, fake = real - fake, fake - real
        if noise.flip_real is not None:
            value = part.cost(real, label * (1 - noise.flip_real))
        else:
            value = part.cost(real, label) if smoothing else part.real(real)
    else:
        assert part.fake is not None, "only a loss of pairs has no cost of a generated example"
        if noise.flip_real is not None and noise.flip_fake is not None:
            value = part.cost(real, label * (1 - noise.flip_real)) + part.cost(fake, noise.flip_fake)
        else:
            value = (part.cost(real, label) if smoothing else part.real(real)) + part.fake(fake)
    if part.link is None:
        return value, {"real_output": real.detach(), "fake_output": fake.detach()}
    return value, {"real_score": part.link(real.detach()), "fake_score": part.link(fake.detach())}


def _projection(parts: Composition, player: str) -> Callable[[nn.Module], Any] | None:
    constraint = parts.constraints.get(player)
    return constraint.project if constraint is not None and constraint.after_update else None
