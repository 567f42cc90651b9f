"""Checks of an adversarial game: its losses are evaluated at logits that are known to be correct or wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from saddlepoint.evaluation.monitors.adversarial import judge, update_noise
from saddlepoint.experiment.objective_checks.slope_of_batch import check_slope_of_batch
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, Composed, Conditional, has
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch, Nets, Phase
from saddlepoint.records import Finding

FAR = 1e3  # standard deviations: inputs for which a bounded output is at its bounds, and an unbounded one is large
CONFIDENT = 3.0  # a logit: probability 0.95
MODES = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)  # differ between training and evaluation


def check_game(model: Adversarial, real: Batch) -> Iterator[Finding | None]:
    """Check the losses and the discriminator of a GAN on one batch.

    Args:
        model: the game before training.
        real: examples in the model's units, with labels if the data have them.

    Yields:
        One finding for each failed check; None for each check that passes.
    """
    assert isinstance(model, Model)
    generator = torch.Generator(model.device).manual_seed(0)
    z = model.fixed_noise(len(real.x), generator).to(model.dtype)
    if has(model, Conditional) and real.y is not None:
        z = model.with_labels(z, real.y)
    noise = update_noise(model, z, real.x.shape[1:], generator)
    g, d = model.generator_player, model.critic_player
    with model.at_rest():
        made = model.sampler(z)
    moves = {phase.player: phase for phase in model.phases}
    others = {name: player for name, player in model.players.items() if name not in (g, d)}
    with model.at_rest():
        yield _labels(moves[d], real, made, noise, (g, d), others) if d in moves else None
        yield _direction(moves[g], real, made, noise, (g, d), others) if g in moves else None
    yield _detached(moves[d], model, g, real, noise) if d in moves else None
    bounded = has(model, Composed) and model.parts.loss.neutral != 0
    yield None if bounded else _free_logit(model, real)
    yield _training_mode(model.players[d])
    yield check_slope_of_batch(model)


def _labels(
    phase: Phase, real: Batch, made: Tensor, noise: GameNoise, names: tuple[str, str], others: Nets
) -> Finding | None:
    """Check that the discriminator's loss is lower for a correct discriminator than for a wrong one."""
    right, wrong = (_cost(phase, real, made, noise, sign, names, others) for sign in (1.0, -1.0))
    if right is None or wrong is None or not wrong < right:
        return None
    return Finding(
        "GAN106",
        "failure",
        0,
        "The discriminator's labels are swapped: its loss is lower if it calls real examples generated.",
        {"loss_when_right": right, "loss_when_wrong": wrong},
        "Label real examples 1 and generated examples 0, and minimise the loss.",
    )


def _direction(
    phase: Phase, real: Batch, made: Tensor, noise: GameNoise, names: tuple[str, str], others: Nets
) -> Finding | None:
    """Check that the generator's loss is lower if the discriminator calls its samples real."""
    believed, caught = (_cost(phase, real, made, noise, sign, names, others) for sign in (-1.0, 1.0))
    if believed is None or caught is None or not caught < believed:
        return None
    return Finding(
        "GAN106",
        "failure",
        0,
        "The generator's loss has the wrong sign: it is lower if the discriminator recognises its samples.",
        {"loss_when_believed": believed, "loss_when_caught": caught},
        "Let the generator minimise -log D(G(z)), or log(1 - D(G(z))).",
    )


def _cost(
    phase: Phase,
    real: Batch,
    made: Tensor,
    noise: GameNoise,
    sign: float,
    names: tuple[str, str],
    others: Nets,
) -> float | None:
    """Mean loss of a phase for a discriminator that returns sign * CONFIDENT for real examples, and minus that for others.

    Args:
        phase: of the discriminator or the generator.
        real: examples in the model's units.
        made: (B, *event) generated examples.
        noise: of the phase.
        sign: 1 for a correct discriminator, -1 for a wrong one.
        names: of the generator and the critic.
        others: further players, such as an encoder.

    Returns:
        The mean loss; None if the loss needs more of its networks than one logit for each example, or is not finite.
    """

    def discriminator(x: Tensor, labels: Tensor | None = None) -> Tensor:
        # A critic of pairs gets the flattened example, followed by its code.
        begins = x.detach().flatten(1)[:, : real.x[0].numel()]
        is_real = len(x) == len(real.x) and torch.equal(begins, real.x.flatten(1))
        # Constant in x, but with a graph, since penalties differentiate it.
        return (sign if is_real else -sign) * CONFIDENT + 0.0 * x.flatten(1).sum(1)

    try:
        with torch.enable_grad():
            g, d = names
            loss, _ = phase.loss({**others, d: discriminator, g: lambda *_, **__: made}, real, noise)
    except (AttributeError, TypeError, KeyError, IndexError):
        return None
    cost = float(loss.detach().double().mean())
    return cost if math.isfinite(cost) else None


def _detached(phase: Phase, model: Model, generator: str, real: Batch, noise: GameNoise) -> Finding | None:
    """Check that the discriminator's loss has no gradient with respect to the generator's weights."""
    weights = [p for p in model.players[generator].parameters() if p.requires_grad]
    with model.at_rest(), torch.enable_grad():
        try:
            loss, _ = phase.loss(model.players, real, noise)
        except (AttributeError, KeyError):
            return None
        loss = loss.float().mean()
        if not math.isfinite(float(loss.detach())):
            return None
        gradients = torch.autograd.grad(loss, weights, allow_unused=True) if loss.requires_grad else ()
    # NaN is ignored here: the derivative of a square root at 0 is not finite, whatever reaches it.
    if not any(gradient is not None and bool((gradient.nan_to_num(0.0) != 0).any()) for gradient in gradients):
        return None
    return Finding(
        "GAN101",
        "failure",
        0,
        "The discriminator's loss reaches the generator: the samples are not detached.",
        {"parameters": sum(gradient is not None for gradient in gradients)},
        "Detach the samples in the discriminator's loss (fake.detach()); otherwise it also trains the generator, to be "
        "recognised.",
    )


def _free_logit(model: Adversarial, real: Batch) -> Finding | None:
    """Check that the discriminator does not end with a sigmoid or a rectifier: its loss takes logits.

    Not for a loss whose neutral logit is positive (least squares: 1/2), with which a bounded output is no mistake.
    """
    assert isinstance(model, Model)
    noise = torch.randn(real.x.shape, generator=torch.Generator().manual_seed(0)).to(real.x)
    with model.at_rest():
        logits = torch.cat([judge(model, Batch(x, real.y)) for x in (real.x, FAR * noise, -FAR * noise)]).float()
    bounded = bool((logits <= 1).all())
    # A linear layer may happen to return no negative number, but it does not return exact zeros.
    if not float(logits.std()) > 0 or not (logits >= 0).all() or not (bounded or (logits == 0).any()):
        return None
    ending = (
        "stays between 0 and 1: it ends with a sigmoid, and the loss applies another one"
        if bounded
        else "is never negative: it ends with a rectifier, and cannot classify an example as generated"
    )
    return Finding(
        "GAN104",
        "warning",
        0,
        f"The discriminator's output {ending}.",
        {"lowest": float(logits.min()), "highest": float(logits.max())},
        "End the discriminator with a linear layer: the loss takes logits.",
    )


def _training_mode(player: nn.Module) -> Finding | None:
    """Check that BatchNorm and dropout layers are in training mode after `train()`."""
    player.train()
    evaluated = [type(layer).__name__ for layer in player.modules() if isinstance(layer, MODES) and not layer.training]
    if not evaluated:
        return None
    return Finding(
        "GAN104",
        "warning",
        0,
        f"The discriminator trains in evaluation mode: train() does not change {len(evaluated)} of its layers "
        f"({evaluated[0]}).",
        {"layers": len(evaluated)},
        "Do not override train(): in training, BatchNorm must use the batch's statistics, and dropout must be active.",
    )
