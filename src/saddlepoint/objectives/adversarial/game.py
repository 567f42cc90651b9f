"""The composer: combines a loss, penalties, views, constraints and conditions into the phases of one game.

The parts are independent of each other. Every forward pass and every gradient is computed once: a penalty at real or
generated examples uses the gradient of the same forward pass as the loss.

All losses use nets["d"]: (B, *event) -> B logits, nets["g"]: (B, latent) -> (B, *event), and a `GameNoise`. In a conditional
game both networks also take `labels=` (B,) int64. A discriminator with heads takes `heads=True`, and then returns its logits and
the outputs of its heads by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn, where

from saddlepoint.objectives.adversarial.constraints import Constraint
from saddlepoint.objectives.adversarial.heads import Head, Targets
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.part_state import PartState
from saddlepoint.objectives.adversarial.penalties import (
    AnyPenalty,
    ConsistencyPenalty,
    Penalty,
    ScorePenalty,
    outputs_and_squared_slope,
)
from saddlepoint.objectives.adversarial.unrolled import unrolled
from saddlepoint.objectives.adversarial.views import View
from saddlepoint.objectives.phase import KEPT, Batch, Loss, Nets, Observations, Phase
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
        heads: by name, the further outputs of the discriminator.
        codes: how many of the last numbers of the generator's input are codes, which heads may predict.
        judged: shape of one input of the discriminator, where it is not an example; None for an example.
        packing: examples that the discriminator judges together.
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


def adversarial_game(
    parts: Composition,
    *,
    discriminator_updates: int = 1,
    fresh_noise: bool = False,
    unrolled_steps: int = 0,
    unrolled_rate: float = 0.1,
    keep: Callable[[Observations], None] | None = None,
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
        keep: takes the new state of parts from the observations (`Phase.keep`); needed if a part has state.
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
    needs_data = parts.loss.paired or parts.loss.averaged or parts.loss.features or unrolled_steps > 0
    return (
        Phase(
            "d",
            discriminator_loss(parts),
            repeats=discriminator_updates,
            after_update=_projection(parts, "d"),
            keep=keep if parts.states else None,
        ),
        Phase("g", generator, uses_data=needs_data, shares_noise=not fresh_noise, after_update=_projection(parts, "g")),
    )


def discriminator_loss(parts: Composition, *, detached: bool = True) -> Loss:
    """Return the discriminator's loss: the loss of its logits plus the weighted penalties and the costs of its heads.

    The loss observes `real_score` and `fake_score`, (B,): the probability of being real, or, for a paired loss, of being the
    real example of the pair. Without a link to a probability it observes `real_output` and `fake_output`. For each penalty of
    the gradient it observes `real_slope`, `fake_slope` or `NAME_slope`, (B,): the norm of the logit's gradient. Parts with
    state add the tensors that they record (`PartState.series`), and their next state as `kept/PART/TENSOR`.

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
            is_old = noise.is_replayed.reshape(-1, *[1] * (made.ndim - 1))
            made = where(is_old, noise.replayed.to(made.dtype), made)
        costs: list[Tensor] = []
        slopes: Observations = {}
        seen, judged, outputs = {}, {}, {}
        for kind, x, drawn in (("real", batch.x, noise.real_views), ("fake", made, noise.fake_views)):
            seen[kind] = apply_views(parts, x, drawn)
            penalties = {name: p for name, p in _slope_penalties(parts) if p.where == kind}
            if penalties:
                judged[kind], squared, outputs[kind] = outputs_and_squared_slope(
                    lambda value: _outputs(parts, nets, value, condition), seen[kind]
                )
                costs += [_weighted(parts, name, p.how(squared), noise) for name, p in penalties.items()]
                slopes[f"{kind}_slope"] = squared.detach().sqrt()
            else:
                judged[kind], outputs[kind] = _outputs(parts, nets, seen[kind], condition)
        for name, penalty in _slope_penalties(parts):
            if callable(penalty.where):
                numbers = None if penalty.draw is None else (noise.penalties or {})[name]
                points = penalty.where(seen["real"], seen["fake"], numbers)
                _, squared, _ = outputs_and_squared_slope(lambda value: (logits(nets, value, **condition), {}), points)
                costs.append(_weighted(parts, name, penalty.how(squared), noise))
                slopes[f"{name}_slope"] = squared.detach().sqrt()
        costs += _other_penalties(parts, nets, seen, judged, condition, noise)
        targets = _targets(parts, batch, noise)
        for name, head in parts.heads.items():
            real, fake = outputs["real"][name], outputs["fake"][name]
            costs.append(_per_example(parts, head.discriminator(real, fake, targets), len(batch.x)) * head.weight)
            if head.observe is not None:
                slopes |= head.observe(real.detach(), fake.detach(), targets)
        value, observations = _judgement(parts, judged["real"], judged["fake"], noise)
        kept = _following(parts, judged["real"].detach(), judged["fake"].detach(), noise)
        return sum(costs, value), observations | slopes | kept

    return loss


def generator_loss(parts: Composition) -> Loss:
    """Return the generator's loss. A paired loss pairs examples by their index in the batch."""
    part = parts.loss

    def from_features(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        condition = _condition(parts, batch)

        def features(x: Tensor, drawn: Mapping[str, Tensor] | None) -> Tensor:
            return at_least_float32(nets["d"](apply_views(parts, x, drawn), features=True, **condition))

        real = features(batch.x, noise.real_views)
        fake = features(nets["g"](noise.latent, **condition), noise.fake_views)
        return _per_example(parts, part.generator(real, fake), len(batch.x)), {}

    def from_logits(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        condition = _condition(parts, batch)
        compared = part.paired or part.averaged
        real = logits(nets, apply_views(parts, batch.x, noise.real_views), **condition) if compared else None
        made = nets["g"](noise.latent, **condition)
        fake, outputs = _outputs(parts, nets, apply_views(parts, made, noise.fake_views), condition)
        if real is None:
            value = part.generator(fake)
        elif part.paired:
            value = part.generator(fake - real)
        else:
            value = part.generator(fake - real.mean()) + part.generator(fake.mean() - real)
        targets = _targets(parts, batch, noise)
        for name, head in parts.heads.items():
            value = value + _per_example(parts, head.generator(outputs[name], targets), len(fake)) * head.weight
        return value, {}

    return from_features if part.features else from_logits


def _outputs(
    parts: Composition, nets: Nets, x: Tensor, condition: Mapping[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The discriminator's logits (B,), and the outputs of its heads by name, (B, size) each."""
    if not parts.heads:
        return logits(nets, x, **condition), {}
    logit, outputs = nets["d"](x, heads=True, **condition)
    return at_least_float32(logit.reshape(x.shape[0])), {name: at_least_float32(o) for name, o in outputs.items()}


def _per_example(parts: Composition, value: Tensor, n: int) -> Tensor:
    """Repeat the values of a discriminator of packs, one for each pack, for each of the n examples."""
    return value if len(value) == n else value.repeat_interleave(parts.packing)[:n]


def _condition(parts: Composition, batch: Batch) -> dict[str, Tensor]:
    """The keyword arguments of both networks: the labels in a conditional game, otherwise none."""
    if not parts.conditional:
        return {}
    assert batch.y is not None, "a conditional game is only built for data with labels"
    return {"labels": batch.y}


def _targets(parts: Composition, batch: Batch, noise: GameNoise) -> Targets:
    """What heads should predict."""
    return Targets(batch.y if parts.conditional else None, noise.latent[:, -parts.codes :] if parts.codes else None)


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


def _slope_penalties(parts: Composition) -> Iterator[tuple[str, Penalty]]:
    for name, (penalty, _) in parts.penalties.items():
        if isinstance(penalty, Penalty):
            yield name, penalty


def _other_penalties(
    parts: Composition,
    nets: Nets,
    seen: Mapping[str, Tensor],
    judged: Mapping[str, Tensor],
    condition: Mapping[str, Tensor],
    noise: GameNoise,
) -> list[Tensor]:
    """The weighted penalties of differences and of scores, (B,) each.

    Args:
        parts: of the game.
        nets: the networks by name.
        seen: by kind, the discriminator's input (B, *event).
        judged: by kind, its logits (B,).
        condition: keyword arguments of the networks.
        noise: with the random numbers and the state of penalties.
    """
    costs = []
    for name, (penalty, _) in parts.penalties.items():
        if isinstance(penalty, ConsistencyPenalty):
            drawn = (noise.penalties or {})[name]
            for kind in penalty.kinds:
                changed = logits(nets, penalty.change(seen[kind], drawn), **condition)
                costs.append(_weighted(parts, name, penalty.how(judged[kind], changed), noise))
        elif isinstance(penalty, ScorePenalty):
            kept = (noise.kept or {}).get(f"penalties.{name}", {})
            costs.append(_weighted(parts, name, penalty.how(judged["real"], judged["fake"], kept), noise))
    return costs


def _weighted(parts: Composition, name: str, cost: Tensor, noise: GameNoise) -> Tensor:
    """A penalty (B,) times its weight at this step."""
    cost = cost * parts.penalties[name][1]
    return cost if noise.penalty_scales is None else cost * noise.penalty_scales.get(name, 1.0)


def _judgement(parts: Composition, real: Tensor, fake: Tensor, noise: GameNoise) -> tuple[Tensor, Observations]:
    """The discriminator's loss of the logits (B,) of real and generated examples, and the observed scores or outputs."""
    part, smoothing = parts.loss, parts.label_smoothing
    label = 1 - smoothing
    if part.averaged:
        real, fake = real - fake.mean(), fake - real.mean()
    if part.paired:
        real, fake = real - fake, fake - real
        if noise.flip_real is not None:
            value = part.cost(real, label * (1 - noise.flip_real))
        else:
            value = part.cost(real, label) if smoothing else part.real(real)
    elif part.state is not None:
        # Such a loss forbids smoothed and flipped labels.
        value = part.real(real) + part.fake(fake, (noise.kept or {})["objective"])  # type: ignore[misc]
    else:
        assert part.fake is not None, "only a loss of pairs has no cost of a generated example"
        if noise.flip_real is not None and noise.flip_fake is not None:
            value = part.cost(real, label * (1 - noise.flip_real)) + part.cost(fake, noise.flip_fake)
        else:
            value = (part.cost(real, label) if smoothing else part.real(real)) + part.fake(fake)
    if part.link is None:
        return value, {"real_output": real.detach(), "fake_output": fake.detach()}
    return value, {"real_score": part.link(real.detach()), "fake_score": part.link(fake.detach())}


def _following(parts: Composition, real: Tensor, fake: Tensor, noise: GameNoise) -> Observations:
    """The next state of every part with state, from the logits (B,) of real and generated examples, and the recorded one."""
    if noise.kept is None:
        return {}
    recorded = {
        observed: noise.kept[part][name]
        for part, state in parts.states.items()
        for name, observed in state.series.items()
    }
    return recorded | {
        f"{KEPT}{part}/{name}": value
        for part, state in parts.states.items()
        for name, value in state.following(noise.kept[part], real, fake).items()
    }


def _projection(parts: Composition, player: str) -> Callable[[nn.Module], Any] | None:
    constraint = parts.constraints.get(player)
    return constraint.project if constraint is not None and constraint.after_update else None
