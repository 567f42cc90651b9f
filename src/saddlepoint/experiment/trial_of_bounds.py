"""A trial of a bound: its KL term has to be the closed form of its own heads, and its heads have to be free."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from saddlepoint.evaluation.signals.codes import distinct, ties
from saddlepoint.models.vae import VAE
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.phase import Batch
from saddlepoint.records import Finding

AWAY = 0.05  # share by which a KL term may differ from its closed form, by arithmetic in few digits
HEAVIEST = 2**20  # weight of KL in its trial
ROUNDED = 8  # last digits that two costs may differ by


def of_a_bound(model: VAE, x: Tensor) -> Iterator[Finding | None]:
    """What one batch of examples x (B, *event), in the model's units, shows to be wrong, check by check."""
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
    return Finding(
        "VAE202",
        "failure",
        0,
        f"The KL term is wrong ({words}): the loss charges {paid:.3g} nats where the heads' KL is {closed_form:.3g}.",
        {"charged": paid, "closed_form": closed_form},
        "KL(N(m, e^v) || N(0, 1)) is 0.5 (m^2 + e^v - 1 - v), summed over units, one number an example, added to the loss.",
    )


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
