"""Mistakes in a model's objective that one batch shows before the first step: signs, labels, heads, forgotten details.

Ready-made models cannot make them; networks, phases and losses of one's own can. Each loss is asked on examples whose
answer is known: a discriminator that is right has to cost less than one that is wrong, a KL term has to be the closed
form of its own heads. Nothing of the run is changed by it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from saddlepoint.evaluation.signals.codes import distinct, ties
from saddlepoint.models.base import Model
from saddlepoint.models.gan import GAN
from saddlepoint.models.vae import VAE
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.phase import Batch, Phase
from saddlepoint.records import Finding

FAR = 1e3  # standard deviations: where a bounded answer has come to its bounds, and a free one is far beyond
SURE = 3.0  # a logit: 0.95
AWAY = 0.05  # share by which a KL term may differ from its closed form, by arithmetic in few digits
HEAVIEST = 2**20  # weight of KL in its trial
ROUNDED = 8  # last digits that two costs may differ by
MODES = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


def mistakes(model: Model, x: Tensor) -> list[Finding]:
    """What is wrong with the objective of `model`, tried on examples x (B, *event) in the data's units."""
    with torch.random.fork_rng(devices=[]), _own_modes(model):
        if isinstance(model, GAN):
            return [finding for finding in _of_a_game(model, model.model_units(x)) if finding is not None]
        if isinstance(model, VAE):
            return [finding for finding in _of_a_bound(model, model.model_units(x)) if finding is not None]
    return []


def output_range(model: Model) -> tuple[float, float] | None:
    """What a GAN's generator can make, in the model's units: as the settings say, or as a network of one's own shows where it is
    driven to its bounds; None where it has none."""
    if model.output_range is not None or not isinstance(model, GAN):
        return model.output_range
    with torch.random.fork_rng(devices=[]), model.at_rest():
        z = model.fixed_noise(64, torch.Generator(model.device).manual_seed(0)).to(model.dtype)
        made = model.players["g"](FAR * z).float()
    low, high = float(made.min()), float(made.max())
    for bounds in ((-1.0, 1.0), (0.0, 1.0)):
        if abs(low - bounds[0]) < 1e-3 and abs(high - bounds[1]) < 1e-3:
            return bounds
    return None


def _of_a_game(model: GAN, real: Tensor) -> Iterator[Finding | None]:
    z = model.fixed_noise(len(real), torch.Generator(model.device).manual_seed(0)).to(model.dtype)
    with model.at_rest():
        made = model.players["g"](z)
    moves = {phase.player: phase for phase in model.phases}
    yield _labels(moves["d"], real, made, z) if "d" in moves else None
    yield _direction(moves["g"], real, made, z) if "g" in moves else None
    yield _detached(model, moves["d"], real, z) if "d" in moves else None
    yield _free_logit(model, real)
    yield _training_mode(model)


def _labels(phase: Phase, real: Tensor, made: Tensor, z: Tensor) -> Finding | None:
    """A discriminator that is right has to cost less than one that is wrong."""
    right, wrong = (_cost(phase, real, made, z, sign) for sign in (1.0, -1.0))
    if right is None or wrong is None or not wrong < right:
        return None
    return _finding(
        "GAN106",
        "failure",
        "The discriminator's labels are swapped: its loss is lower for calling real examples generated.",
        {"loss_when_right": right, "loss_when_wrong": wrong},
        "Real examples are labelled 1, generated ones 0, and the loss is minimised.",
    )


def _direction(phase: Phase, real: Tensor, made: Tensor, z: Tensor) -> Finding | None:
    """Samples that are taken for real have to cost the generator less."""
    believed, caught = (_cost(phase, real, made, z, sign) for sign in (-1.0, 1.0))
    if believed is None or caught is None or not caught < believed:
        return None
    return _finding(
        "GAN106",
        "failure",
        "The generator's loss has the wrong sign: it is lower where samples are told from real examples.",
        {"loss_when_believed": believed, "loss_when_caught": caught},
        "The generator minimises -log D(G(z)), or log(1 - D(G(z))).",
    )


def _cost(phase: Phase, real: Tensor, made: Tensor, z: Tensor, sign: float) -> float | None:
    """The phase's mean loss where the discriminator gives real examples SURE times sign, others minus that; None for a
    loss that asks more of its networks than a logit, and for a cost that is no finite number."""

    def discriminator(seen: Tensor) -> Tensor:
        is_real = seen.shape == real.shape and torch.equal(seen.detach(), real)
        # Nothing of the example, but differentiable in it, as penalties want.
        return (sign if is_real else -sign) * SURE + 0.0 * seen.flatten(1).sum(1)

    try:
        with torch.enable_grad():
            loss, _ = phase.loss({"d": discriminator, "g": lambda _: made}, Batch(real), {"z": z})
    except (TypeError, KeyError):
        return None
    cost = float(loss.detach().double().mean())
    return cost if math.isfinite(cost) else None


def _detached(model: GAN, phase: Phase, real: Tensor, z: Tensor) -> Finding | None:
    """The discriminator's loss must not reach the generator's weights."""
    weights = [p for p in model.players["g"].parameters() if p.requires_grad]
    with model.at_rest(), torch.enable_grad():
        try:
            loss, _ = phase.loss(model.players, Batch(real), {"z": z})
        except KeyError:
            return None
        loss = loss.float().mean()
        if not math.isfinite(float(loss.detach())):
            return None
        gradients = torch.autograd.grad(loss, weights, allow_unused=True) if loss.requires_grad else ()
    # What is no number tells nothing: a root at 0 has no slope.
    if not any(gradient is not None and bool((gradient.nan_to_num(0.0) != 0).any()) for gradient in gradients):
        return None
    return _finding(
        "GAN101",
        "failure",
        "The discriminator's loss reaches the generator: its samples are not detached.",
        {"parameters": sum(gradient is not None for gradient in gradients)},
        "Detach the samples in the discriminator's loss (made.detach()), or the generator is trained to be found out.",
    )


def _free_logit(model: GAN, real: Tensor) -> Finding | None:
    """A discriminator under cross-entropy with logits must not end with a sigmoid of its own."""
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0)).to(real)
    with model.at_rest():
        answers = torch.cat([model.players["d"](x).flatten() for x in (real, FAR * noise, -FAR * noise)]).float()
    if not (bool((answers >= 0).all()) and bool((answers <= 1).all()) and float(answers.std()) > 0):
        return None
    return _finding(
        "GAN104",
        "warning",
        "The discriminator's answers stay between 0 and 1: it ends with a sigmoid, and the loss applies another.",
        {"lowest": float(answers.min()), "highest": float(answers.max())},
        "Let it end with a linear layer: the loss takes logits.",
    )


def _training_mode(model: GAN) -> Finding | None:
    """Layers that behave otherwise in evaluation have to be in training mode while they train."""
    player = model.players["d"]
    player.train()
    still = [type(layer).__name__ for layer in player.modules() if isinstance(layer, MODES) and not layer.training]
    if not still:
        return None
    return _finding(
        "GAN104",
        "warning",
        f"The discriminator trains in evaluation mode: {len(still)} of its layers ({still[0]}) stay there.",
        {"layers": len(still)},
        "Leave train() as torch has it: BatchNorm must see the batch's statistics, dropout must drop.",
    )


def _of_a_bound(model: VAE, x: Tensor) -> Iterator[Finding | None]:
    phase = model.phases[0]
    noise = dict(model.noise(phase, len(x), 0, torch.Generator(model.device).manual_seed(0)))
    with model.at_rest():
        mean, log_variance = model.player.heads(x)
        closed_form = float(kl_standard_normal(mean, log_variance).double().mean())

        def cost(weight: float) -> Tensor:
            given = {**noise, "kl_weight": torch.full_like(noise["kl_weight"], weight)}
            loss: Tensor = phase.loss(model.players, Batch(x), given)[0]
            return loss

        free = cost(0.0)
        size = float(free.double().abs().mean())
        # Beside the 100,000 nats of an image an untrained KL of 0.05 is lost in rounding: it is weighed up to their size.
        weight = _power_of_two(size / max(closed_form, 1e-3))
        charged = cost(weight)
    if model.settings.free_bits == 0 and "threshold" not in noise:
        paid = float((charged.double() - free.double()).mean()) / weight
        digits = torch.finfo(charged.dtype).eps * max(size, float(charged.double().abs().mean())) / weight
        yield _kl(paid, closed_form, model.settings.latent, len(x), ROUNDED * digits)
    own = distinct(x)
    for name, values in (("mean", mean[own]), ("log-variance", log_variance[own])):
        yield _head(name, values)


def _power_of_two(wanted: float) -> float:
    """The largest within 1 and HEAVIEST that is no more than `wanted`: multiplying by it loses no digit."""
    return 2.0 ** math.floor(math.log2(min(max(wanted, 1.0), HEAVIEST))) if math.isfinite(wanted) else 1.0


def _kl(paid: float, closed_form: float, latent: int, batch: int, rounding: float) -> Finding | None:
    """What the loss charges for KL at weight 1, to within `rounding` nats, beside the closed form of its heads."""
    if not (math.isfinite(paid) and math.isfinite(closed_form)):
        return None
    if abs(paid - closed_form) <= AWAY * max(closed_form, 1e-3) + rounding:
        return None
    share = paid / max(closed_form, 1e-9)
    if share < 0:
        words = "its sign is flipped: KL is rewarded"
    elif latent > 1 and abs(share * latent - 1) < AWAY:
        words = "it is the mean over units, not their sum"
    elif abs(share * batch * latent - 1) < AWAY or abs(share * batch - 1) < AWAY:
        words = "it is divided by the batch's size once more"
    else:
        words = f"it is {share:.3g} times what it should be"
    return _finding(
        "VAE202",
        "failure",
        f"The KL term is wrong ({words}): the loss charges {paid:.3g} nats where the heads' KL is {closed_form:.3g}.",
        {"charged": paid, "closed_form": closed_form},
        "KL(N(m, e^v) || N(0, 1)) is 0.5 (m^2 + e^v - 1 - v), summed over units, one number an example, added to the loss.",
    )


def _head(name: str, values: Tensor) -> Finding | None:
    """An untrained head's outputs lie on both sides of 0, no two alike for different examples."""
    share, low = float(ties(values)), float(values.min())
    if values.numel() < 64 or not share > 0.01:
        return None
    return _finding(
        "VAE203",
        "failure",
        f"The {name} head is clamped: {share:.0%} of its outputs on one batch are one and the same number.",
        {"tied": share, "lowest": low},
        "Take the activation (a ReLU, most likely) off the head: it must be free to take any value.",
    )


def _finding(code: str, severity: str, title: str, evidence: dict[str, float], advice: str) -> Finding:
    assert severity in ("warning", "failure")
    return Finding(code, severity, 0, title, {**evidence, "preflight": True}, advice)  # type: ignore[arg-type]


@contextlib.contextmanager
def _own_modes(model: Model) -> Iterator[None]:
    """Whatever is done to the layers' modes within, they are as before after it."""
    modes = [(layer, layer.training) for player in model.players.values() for layer in player.modules()]
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode
