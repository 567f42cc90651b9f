"""A trial of a bound: its terms have to be those of its own heads and output, its heads free, its code in use."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.evaluation.monitors.codes import distinct, ties
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Variational
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.evidence import BoundNoise
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.phase import Batch
from saddlepoint.objectives.reconstruction import l1, l2
from saddlepoint.records import Finding

AWAY = 0.05  # share by which a KL term may differ from its closed form, by arithmetic in few digits
HEAVIEST = 2**20  # weight of KL in its trial
ROUNDED = 8  # last digits that two costs may differ by
FEWEST_NUMBERS = 8  # in an example, with fewer of which a mean and a sum are hardly told apart
RAISED = 2.0  # added to log-variances: e^(v / 2) is then 2.7, e^v 7.4


def of_a_bound(model: Variational, x: Tensor) -> Iterator[Finding | None]:
    """The findings of every check on one batch of examples x (B, *event), in the model's units; None where it passes."""
    assert isinstance(model, Model)
    phase = model.phases[0]
    noise = model.noise(phase, len(x), 0, torch.Generator(model.device).manual_seed(0))
    with model.at_rest():
        mean, log_variance = model.infer(x)
        closed_form = float(kl_standard_normal(mean, log_variance).double().mean())

        def cost(weight: float) -> Tensor:
            torch.manual_seed(0)  # a loss may draw noise of its own: the same each time
            given = replace(noise, kl_weight=torch.full_like(noise.kl_weight, weight))
            loss: Tensor = phase.loss(model.players, Batch(x), given)[0]
            return loss

        free = cost(0.0)
        size = float(free.double().abs().mean())
        # Beside the 100,000 nats of an image an untrained KL of 0.05 is lost in rounding: it is weighed up to their size.
        weight = _power_of_two(size / max(closed_form, 1e-3))
        charged = cost(weight)
    if model.free_bits == 0 and noise.threshold is None:
        paid = float((charged.double() - free.double()).mean()) / weight
        digits = torch.finfo(charged.dtype).eps * max(size, float(charged.double().abs().mean())) / weight
        yield _kl(paid, closed_form, model.latent, len(x), ROUNDED * digits)
    yield _scale(model, model.player, model.beta, x, noise, float(free.double().mean()))
    yield _sampling(model, model.player, x, noise)
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
    return Finding(
        "VAE202",
        "failure",
        0,
        f"The KL term is wrong ({words}): the loss charges {paid:.3g} nats where the heads' KL is {closed_form:.3g}.",
        {"charged": paid, "closed_form": closed_form},
        "KL(N(m, e^v) || N(0, 1)) is 0.5 (m^2 + e^v - 1 - v), summed over units, one number an example, added to the loss.",
    )


def _scale(model: Model, player: Any, beta: float, x: Tensor, noise: BoundNoise, paid: float) -> Finding | None:
    """A reconstruction term that is a mean over the numbers of an example, beside a KL term that is a sum.

    Args:
        paid: the loss without KL, averaged over the batch.
    """
    numbers = math.prod(model.event.shape)
    if numbers < FEWEST_NUMBERS or not math.isfinite(paid) or noise.threshold is not None:
        return None
    with model.at_rest():
        output, _, _, log_std = player(x, noise.epsilon)
    made = (output.sigmoid(), output) if log_std is None else (output,)
    sums = [-log_likelihood(x, output, log_std), *(l2(each, x) for each in made), *(l1(each, x) for each in made)]
    means = [float(each.detach().double().mean()) for each in sums]
    # Half of a squared distance is in use as well.
    if not any(total > 0 and abs(share * paid * numbers / total - 1) < 0.01 for total in means for share in (1.0, 2.0)):
        return None
    return Finding(
        "VAE204",
        "failure",
        0,
        f"The terms are on different scales: the reconstruction is a mean over {numbers:,} numbers, KL is a sum over units, "
        f"so KL weighs {numbers:,} times too much.",
        {"reconstruction": paid, "numbers": numbers},
        "Sum the reconstruction over the numbers of an example, or divide beta by their count. Other remedies against "
        "posterior collapse, such as warm_up, do not help here.",
        {"model.beta": float(f"{beta / numbers:.4g}")} if beta else None,
    )


def _sampling(model: Model, player: Any, x: Tensor, noise: BoundNoise) -> Finding | None:
    """The code that is decoded has to be drawn from the Gaussian of its own heads."""
    seen = _heads_and_code(model, player, x, noise)
    if seen is None:
        return None
    mean, log_variance, code = (values.double() for values in seen)
    scatter = _deviation(code - mean, torch.exp(0.5 * log_variance))
    # A mean of B times D squares of normal values, five of its standard errors away.
    allowed = max(5 * math.sqrt(2 / code.numel()), 0.1)
    if not math.isfinite(scatter) or abs(scatter**2 - 1) <= allowed:
        return None
    if scatter < 0.01:
        words = "it is the mean, without noise"
    elif abs(_deviation(code - mean, torch.exp(log_variance)) ** 2 - 1) <= allowed:
        words = "it deviates by exp(v), the variance, where exp(v / 2) is the deviation"
    else:
        words = f"it deviates from the mean {scatter:.2g} times as far as they say"
    return Finding(
        "VAE202",
        "failure",
        0,
        f"The code does not follow its own heads ({words}), so the KL term is that of another distribution.",
        {"deviation_over_that_of_the_heads": scatter},
        "Draw z = mean + exp(0.5 * log_variance) * epsilon, epsilon standard normal.",
    )


def _deviation(differences: Tensor, units: Tensor) -> float:
    """Root mean square of the differences in these units."""
    return (differences / units).square().mean().sqrt().item()


def _heads_and_code(model: Model, player: Any, x: Tensor, noise: BoundNoise) -> tuple[Tensor, Tensor, Tensor] | None:
    """Mean, log-variance and code (B, D) of one pass of the loss, with log-variances raised by `RAISED`.

    In training mode, since some networks draw nothing in evaluation. Near 0 a variance is its own root, which is why
    log-variances are raised. The model is left as it was.

    Returns:
        None where the heads are not linear layers with a bias, and where the decoder is not given one code an example.
    """
    seen: dict[str, Tensor] = {}
    if not all(isinstance(head, nn.Linear) for head in (player.mean, player.log_variance)):
        return None
    bias = player.log_variance.bias
    if bias is None:
        return None

    def keep(name: str, value: Any) -> None:
        if isinstance(value, Tensor):
            seen.setdefault(name, value.detach())

    hooks = [
        player.mean.register_forward_hook(lambda _, __, made: keep("mean", made)),
        player.log_variance.register_forward_hook(lambda _, __, made: keep("log-variance", made)),
        player.decoder.register_forward_pre_hook(lambda _, given: keep("code", given[0] if given else None)),
    ]
    # Running statistics move in training mode.
    before = [(tensor, tensor.detach().clone()) for tensor in (*player.buffers(), bias)]
    try:
        player.train()
        with torch.no_grad():
            bias.add_(RAISED)
        with torch.enable_grad():
            model.phases[0].loss(model.players, Batch(x), noise)
    finally:
        for hook in hooks:
            hook.remove()
        with torch.no_grad():
            for tensor, value in before:
                tensor.copy_(value)
    if len(seen) < 3 or not seen["code"].shape == seen["mean"].shape == seen["log-variance"].shape:
        return None
    return seen["mean"], seen["log-variance"], seen["code"]


def _head(name: str, values: Tensor) -> Finding | None:
    """An untrained head's outputs lie on both sides of 0, no two alike for different examples."""
    share, low = float(ties(values)), float(values.min())
    if values.numel() < 64 or not share > 0.01:
        return None
    return Finding(
        "VAE203",
        "failure",
        0,
        f"The {name} head is clamped: {share:.0%} of its outputs on one batch are one and the same number.",
        {"tied": share, "lowest": low},
        "Take the activation (a ReLU, most likely) off the head: it must be free to take any value.",
    )
