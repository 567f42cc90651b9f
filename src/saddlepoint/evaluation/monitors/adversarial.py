"""Series of an adversarial game: the critic's scores of real, generated and held-out examples, and gradients of samples.

References:
    Training Generative Adversarial Networks with Limited Data (Tero Karras, Miika Aittala, Janne Hellsten, Samuli Laine,
        Jaakko Lehtinen, Timo Aila, 2020), section 3, https://arxiv.org/abs/2006.06676 (held-out examples)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, Composed, Conditional, Judges, ScoresExamples, has
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.penalties import draw_of
from saddlepoint.objectives.phase import Batch, Nets, Phase

Signals = dict[str, Tensor]
FEWEST = 2  # held-out examples whose ranks are compared


def score_series(
    model: Judges, real: Batch, fake: Batch, held_out: Batch | None, codes: Tensor | None = None
) -> Signals:
    """Series of the critic's scores, in the present mode of the networks (meant for evaluation mode).

    Args:
        model: with a critic; the critic's name prefixes the series.
        real: training examples in the model's units.
        fake: generated examples in the model's units.
        held_out: held-out examples in the model's units; None without any.
        codes: (B, latent) of the generated examples, for a critic that judges an example with its code.
    """
    player = model.critic_player
    parts = [real, fake] if held_out is None else [real, fake, held_out]
    # One pass for all: in evaluation mode no example sees another, but for packs and minibatch discrimination.
    if has(model, ScoresExamples):
        together = model.judge(torch.cat([part.x for part in parts]))
        found = list(torch.split(together, [len(part.x) for part in parts]))
    else:
        found = [judge(model, part, codes if part is fake else None) for part in parts]
    signals = {
        f"{player}/real_logit": found[0].mean(),
        f"{player}/fake_logit": found[1].mean(),
        f"{player}/real_logit_spread": found[0].std(correction=0),
        f"{player}/fake_logit_spread": found[1].std(correction=0),
        f"{player}/advantage": advantage(found[0], found[1]),
    }
    if has(model, Conditional) and model.classes and real.y is not None and len(real.y) >= FEWEST:
        # Labels of other examples, so that every label occurs as often as before.
        misplaced = judge(model, Batch(real.x, real.y.roll(1)))
        signals[f"{player}/label_advantage"] = label_advantage(found[0], misplaced, real.y != real.y.roll(1))
    if held_out is not None:
        signals[f"{player}/held_out_logit"] = found[2].mean()
        if len(held_out.x) >= FEWEST:
            signals[f"{player}/overfitting"] = advantage(found[0], found[2])
            signals[f"{player}/overfitting_error"] = found[0].new_tensor(advantage_error(len(real.x), len(held_out.x)))
    return signals


def judge(model: Judges, batch: Batch, codes: Tensor | None = None) -> Tensor:
    """The critic's logits (B,) of examples in the model's units, with their labels or codes if it takes them."""
    if codes is not None and getattr(model, "judges_codes", False):
        return model.judge(batch.x, codes=codes)
    return model.judge(batch.x, batch.y) if has(model, Conditional) else model.judge(batch.x)


def generated(model: Adversarial, z: Tensor) -> Batch:
    """The examples that codes z (N, latent) are decoded to, in the model's units, with their labels if the model takes them."""
    labels = None
    if has(model, Conditional):
        weights = model.split_codes(z)[1]
        labels = None if weights is None else weights.argmax(1)
    return Batch(model.sampler(z), labels)


def advantage(real: Tensor, fake: Tensor) -> Tensor:
    """How well scores separate real from generated examples: 2 AUC - 1, with ties counted half.

    It depends on ranks alone, so logits, probabilities and values of a Wasserstein critic are comparable.

    Args:
        real: (N,) scores.
        fake: (M,) scores.

    Returns:
        () in [-1, 1].
    """
    gaps = real[:, None] - fake[None]
    return (gaps > 0).float().mean() - (gaps < 0).float().mean()


def label_advantage(right: Tensor, wrong: Tensor, differs: Tensor) -> Tensor:
    """How much more often an example scores higher with its own label than with another: 1 always, 0 if labels change nothing.

    Args:
        right: (N,) scores with the examples' labels.
        wrong: (N,) scores of the same examples with others.
        differs: (N,) whether the labels of an example differ; the others are left out.

    Returns:
        () in [-1, 1]; 0 if no labels differ.
    """
    return ((right - wrong).sign() * differs).sum() / differs.sum().clamp_min(1)


def advantage_error(real: int, fake: int) -> float:
    """Standard deviation of `advantage` for examples of one distribution, by the Mann-Whitney U statistic.

    Args:
        real: number of real examples.
        fake: number of generated examples.

    References:
        On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other (Henry B. Mann, Donald R.
            Whitney, 1947), https://doi.org/10.1214/aoms/1177730491
    """
    return math.sqrt((real + fake + 1) / (3 * real * fake))


def sample_gradient(model: Adversarial, real: Tensor, fake: Batch, z: Tensor) -> Tensor | None:
    """Mean norm of the gradient of the generator's loss with respect to a sample, in the model's units.

    Args:
        model: a game of a generator against a critic.
        real: (B, *event) training examples in the model's units.
        fake: generated examples in the model's units.
        z: (B, latent) their codes.

    Returns:
        (); None if the loss needs noise that only the model can draw.
    """
    assert isinstance(model, Model)
    phase = _last_phase(model, model.generator_player)
    if phase is None:
        return None
    noise = update_noise(model, z, fake.x.shape[1:], torch.Generator(z.device).manual_seed(0))
    with model.at_rest():
        leaf = fake.x.detach().clone()
        with torch.enable_grad():
            leaf.requires_grad_()
            nets: Nets = {**model.players, model.generator_player: lambda *_, **__: leaf}
            try:
                loss, _ = phase.loss(nets, Batch(real, fake.y), noise)
            except (AttributeError, KeyError, TypeError):
                return None
            (gradient,) = torch.autograd.grad(loss.float().sum(), leaf)
    norm: Tensor = gradient.float().flatten(1).norm(dim=1).mean()
    return norm


def update_noise(model: Adversarial, z: Tensor, shape: Sequence[int], generator: torch.Generator) -> GameNoise:
    """Return the noise of an update without views: the codes, the random numbers of penalties, and the state of parts.

    Args:
        model: a game of a generator against a critic.
        z: (B, latent) codes of the samples.
        shape: of one example.
        generator: draws the random numbers of penalties, on the device of the model.
    """
    assert isinstance(model, Model)
    latent = model.split_codes(z)[0] if has(model, Conditional) else z
    if not has(model, Composed):
        return GameNoise(latent)
    numbers = {
        name: draw(len(z), model.parts.judged or shape, generator)
        for name, (penalty, _) in model.parts.penalties.items()
        if (draw := draw_of(penalty)) is not None
    }
    present = model.extra_state() if model.parts.states else {}
    kept = {
        part: {name: present[f"{part}/{name}"] for name in state.first} for part, state in model.parts.states.items()
    }
    return GameNoise(latent, penalties=numbers or None, kept=kept or None)


def _last_phase(model: Model, player: str) -> Phase | None:
    return next((phase for phase in reversed(model.phases) if phase.player == player), None)
