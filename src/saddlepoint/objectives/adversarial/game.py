"""The composer: combines a loss, penalties, views, constraints and conditions into the phases of one game.

The parts are independent of each other. Every forward pass and every gradient is computed once: a penalty at real or
generated examples uses the gradient of the same forward pass as the loss.

All losses use nets["d"]: (B, *event) -> B logits, nets["g"]: (B, latent) -> (B, *event), and a `GameNoise`. In a conditional
game both networks also take `labels=` (B,) int64. A discriminator with heads takes `heads=True`, and then returns its logits and
the outputs of its heads by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, where

from saddlepoint.objectives.adversarial.composition import Composition, apply_views, logits, outputs
from saddlepoint.objectives.adversarial.heads import Targets
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.penalty_costs import Costs, judge_kind, other_costs
from saddlepoint.objectives.adversarial.unrolled import unrolled
from saddlepoint.objectives.phase import KEPT, Batch, Loss, Nets, Observations, Phase
from saddlepoint.objectives.precision import at_least_float32


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
    # Without data of its own, the generator's update gets the previous batch, for whose labels the samples were made.
    needs_data = parts.loss.paired or parts.loss.averaged or parts.loss.features or unrolled_steps > 0
    return (
        Phase(
            "d",
            discriminator_loss(parts),
            repeats=discriminator_updates,
            keep=keep if parts.states else None,
        ),
        Phase(
            "g",
            generator,
            uses_data=needs_data,
            # The labels of a new batch are other arguments of the generator.
            shares="nothing" if fresh_noise else "noise" if parts.conditional and needs_data else "output",
        ),
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
        real, costs = judge_kind(parts, nets, "real", apply_views(parts, batch.x, noise.real_views), condition, noise)
        fake, fake_costs = judge_kind(parts, nets, "fake", apply_views(parts, made, noise.fake_views), condition, noise)
        costs += fake_costs + other_costs(parts, nets, real, fake, condition, noise)
        targets = _targets(parts, batch, noise)
        for name, head in parts.heads.items():
            at_real, at_fake = real.heads[name], fake.heads[name]
            cost = _per_example(parts, head.discriminator(at_real, at_fake, targets), len(batch.x)) * head.weight
            observed = {} if head.observe is None else head.observe(at_real.detach(), at_fake.detach(), targets)
            costs += Costs((cost,), observed)
        value, observations = _judgement(parts, real.logit, fake.logit, noise)
        kept = _following(parts, real.logit.detach(), fake.logit.detach(), noise)
        return sum(costs.weighted, value), observations | costs.observed | kept

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
        fake, heads = outputs(parts, nets, apply_views(parts, made, noise.fake_views), condition)
        if real is None:
            value = part.generator(fake)
        elif part.paired:
            value = part.generator(fake - real)
        else:
            value = part.generator(fake - real.mean()) + part.generator(fake.mean() - real)
        targets = _targets(parts, batch, noise)
        for name, head in parts.heads.items():
            value = value + _per_example(parts, head.generator(heads[name], targets), len(fake)) * head.weight
        return value, {}

    return from_features if part.features else from_logits


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
    labels = batch.y if parts.conditional or parts.supervised else None
    return Targets(labels, noise.latent[:, -parts.codes :] if parts.codes else None)


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
