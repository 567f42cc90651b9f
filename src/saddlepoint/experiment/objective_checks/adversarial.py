"""A trial of an adversarial game: its losses are asked on answers that are known to be right or wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, Composed, has
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch, Phase
from saddlepoint.records import Finding

FAR = 1e3  # standard deviations: where a bounded answer has come to its bounds, and a free one is far beyond
SURE = 3.0  # a logit: 0.95
MODES = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


def of_a_game(model: Adversarial, real: Tensor) -> Iterator[Finding | None]:
    """The findings of every check on one batch of examples real (B, *event), in the model's units; None where it passes."""
    assert isinstance(model, Model)
    generator = torch.Generator(model.device).manual_seed(0)
    z = model.fixed_noise(len(real), generator).to(model.dtype)
    noise = GameNoise(z)
    if has(model, Composed):
        drawn = {n: p.draw(len(real), generator) for n, (p, _) in model.parts.penalties.items() if p.draw is not None}
        noise = replace(noise, penalties=drawn or None)
    g, d = model.generator_player, model.critic_player
    with model.at_rest():
        made = model.players[g](z)
    moves = {phase.player: phase for phase in model.phases}
    yield _labels(moves[d], real, made, noise, (g, d)) if d in moves else None
    yield _direction(moves[g], real, made, noise, (g, d)) if g in moves else None
    yield _detached(moves[d], model, g, real, noise) if d in moves else None
    bounded = has(model, Composed) and model.parts.loss.neutral != 0
    yield None if bounded else _free_logit(model, d, real)
    yield _training_mode(model.players[d])


def _labels(phase: Phase, real: Tensor, made: Tensor, noise: GameNoise, names: tuple[str, str]) -> Finding | None:
    """A discriminator that is right has to cost less than one that is wrong."""
    right, wrong = (_cost(phase, real, made, noise, sign, names) for sign in (1.0, -1.0))
    if right is None or wrong is None or not wrong < right:
        return None
    return Finding(
        "GAN106",
        "failure",
        0,
        "The discriminator's labels are swapped: its loss is lower for calling real examples generated.",
        {"loss_when_right": right, "loss_when_wrong": wrong},
        "Real examples are labelled 1, generated ones 0, and the loss is minimised.",
    )


def _direction(phase: Phase, real: Tensor, made: Tensor, noise: GameNoise, names: tuple[str, str]) -> Finding | None:
    """Samples that are taken for real have to cost the generator less."""
    believed, caught = (_cost(phase, real, made, noise, sign, names) for sign in (-1.0, 1.0))
    if believed is None or caught is None or not caught < believed:
        return None
    return Finding(
        "GAN106",
        "failure",
        0,
        "The generator's loss has the wrong sign: it is lower where samples are told from real examples.",
        {"loss_when_believed": believed, "loss_when_caught": caught},
        "The generator minimises -log D(G(z)), or log(1 - D(G(z))).",
    )


def _cost(
    phase: Phase, real: Tensor, made: Tensor, noise: GameNoise, sign: float, names: tuple[str, str]
) -> float | None:
    """The phase's mean loss where the discriminator gives real examples SURE times sign, and others minus that.

    Args:
        names: of the generator and the critic.

    Returns:
        None for a loss that needs more of its networks than one logit an example, and for a cost that is not finite.
    """

    def discriminator(seen: Tensor) -> Tensor:
        is_real = seen.shape == real.shape and torch.equal(seen.detach(), real)
        # Nothing of the example, but differentiable in it, as penalties want.
        return (sign if is_real else -sign) * SURE + 0.0 * seen.flatten(1).sum(1)

    try:
        with torch.enable_grad():
            g, d = names
            loss, _ = phase.loss({d: discriminator, g: lambda _: made}, Batch(real), noise)
    except (AttributeError, TypeError, KeyError, IndexError):
        return None
    cost = float(loss.detach().double().mean())
    return cost if math.isfinite(cost) else None


def _detached(phase: Phase, model: Model, generator: str, real: Tensor, noise: GameNoise) -> Finding | None:
    """The discriminator's loss must not reach the generator's weights."""
    weights = [p for p in model.players[generator].parameters() if p.requires_grad]
    with model.at_rest(), torch.enable_grad():
        try:
            loss, _ = phase.loss(model.players, Batch(real), noise)
        except (AttributeError, KeyError):
            return None
        loss = loss.float().mean()
        if not math.isfinite(float(loss.detach())):
            return None
        gradients = torch.autograd.grad(loss, weights, allow_unused=True) if loss.requires_grad else ()
    # What is no number tells nothing: a root at 0 has no slope.
    if not any(gradient is not None and bool((gradient.nan_to_num(0.0) != 0).any()) for gradient in gradients):
        return None
    return Finding(
        "GAN101",
        "failure",
        0,
        "The discriminator's loss reaches the generator: its samples are not detached.",
        {"parameters": sum(gradient is not None for gradient in gradients)},
        "Detach the samples in the discriminator's loss (made.detach()), or the generator is trained to be found out.",
    )


def _free_logit(model: Model, critic: str, real: Tensor) -> Finding | None:
    """A discriminator must not end with a sigmoid of its own, nor with a rectifier: its loss takes logits.

    Where the loss is undecided at a positive logit (least squares: 1/2), a bounded answer is no mistake.
    """
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0)).to(real)
    with model.at_rest():
        answers = torch.cat([model.players[critic](x).flatten() for x in (real, FAR * noise, -FAR * noise)]).float()
    bounded = bool((answers <= 1).all())
    # A linear layer may happen to give no negative answer; it gives none that is 0 exactly.
    if not float(answers.std()) > 0 or not (answers >= 0).all() or not (bounded or (answers == 0).any()):
        return None
    ending = (
        "stay between 0 and 1: it ends with a sigmoid, and the loss applies another"
        if bounded
        else "are never negative: it ends with a rectifier, and cannot say that an example is generated"
    )
    return Finding(
        "GAN104",
        "warning",
        0,
        f"The discriminator's answers {ending}.",
        {"lowest": float(answers.min()), "highest": float(answers.max())},
        "Let it end with a linear layer: the loss takes logits.",
    )


def _training_mode(player: nn.Module) -> Finding | None:
    """Layers that behave otherwise in evaluation have to be in training mode while they train."""
    player.train()
    still = [type(layer).__name__ for layer in player.modules() if isinstance(layer, MODES) and not layer.training]
    if not still:
        return None
    return Finding(
        "GAN104",
        "warning",
        0,
        f"The discriminator trains in evaluation mode: {len(still)} of its layers ({still[0]}) stay there.",
        {"layers": len(still)},
        "Leave train() as torch has it: BatchNorm must see the batch's statistics, dropout must drop.",
    )
