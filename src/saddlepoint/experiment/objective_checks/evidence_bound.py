"""Checks of an evidence lower bound: its terms must follow from its heads and output, and the heads must be unbounded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.diagnosis.remedies import propose
from saddlepoint.evaluation.monitors.codes import is_first_occurrence, tie_share
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Variational
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.evidence import BoundNoise
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.phase import Batch
from saddlepoint.objectives.reconstruction import l1, l2
from saddlepoint.records import Finding

TOLERANCE = 0.05  # relative difference that rounding may cause between a KL term and its closed form
LARGEST_WEIGHT = 2**20  # of KL in the check
ROUNDING_STEPS = 8  # rounding errors by which two costs may differ
FEWEST_NUMBERS = 8  # in an example; with fewer, a mean and a sum are hard to distinguish
OFFSET = 2.0  # added to log-variances: e^(v / 2) is then 2.7, e^v 7.4


def check_bound(model: Variational, x: Tensor) -> Iterator[Finding | None]:
    """Check the loss and the heads of a VAE on one batch.

    Args:
        model: the VAE before training.
        x: (B, *event) examples in the model's units.

    Yields:
        One finding for each failed check; None for each check that passes.
    """
    assert isinstance(model, Model)
    phase = model.phases[0]
    noise = model.noise(phase, len(x), 0, torch.Generator(model.device).manual_seed(0))
    with model.at_rest():
        mean, log_variance = model.infer(x)
        closed_form = float(kl_standard_normal(mean, log_variance).double().mean())

        def cost(weight: float) -> Tensor:
            torch.manual_seed(0)  # a loss may draw its own noise, which must be the same each time
            weighted = replace(noise, kl_weight=torch.full_like(noise.kl_weight, weight))
            loss: Tensor = phase.loss(model.players, Batch(x), weighted)[0]
            return loss

        free = cost(0.0)
        size = float(free.double().abs().mean())
        # Added to the 100,000 nats of an image, an untrained KL of 0.05 is lost in rounding: the weight makes both similar.
        weight = _power_of_two(size / max(closed_form, 1e-3))
        charged = cost(weight)
    if model.free_bits == 0 and noise.threshold is None:
        paid = float((charged.double() - free.double()).mean()) / weight
        digits = torch.finfo(charged.dtype).eps * max(size, float(charged.double().abs().mean())) / weight
        yield _kl(paid, closed_form, model.latent, len(x), ROUNDING_STEPS * digits)
    yield _scale(model, model.player, model.beta, x, noise, float(free.double().mean()))
    yield _sampling(model, model.player, x, noise)
    own = is_first_occurrence(x)
    for name, values in (("mean", mean[own]), ("log-variance", log_variance[own])):
        yield _head(name, values)


def _power_of_two(wanted: float) -> float:
    """The largest power of two between 1 and LARGEST_WEIGHT that is at most `wanted`: multiplying by it is exact."""
    return 2.0 ** math.floor(math.log2(min(max(wanted, 1.0), LARGEST_WEIGHT))) if math.isfinite(wanted) else 1.0


def _kl(paid: float, closed_form: float, latent: int, batch: int, rounding: float) -> Finding | None:
    """Compare the loss's KL term with the closed form computed from its heads.

    Args:
        paid: what the loss adds for KL at weight 1, in nats.
        closed_form: the KL divergence computed from the heads, in nats.
        latent: number of latent units.
        batch: number of examples.
        rounding: the rounding error of `paid`, in nats.
    """
    if not (math.isfinite(paid) and math.isfinite(closed_form)):
        return None
    if abs(paid - closed_form) <= TOLERANCE * max(closed_form, 1e-3) + rounding:
        return None
    share = paid / max(closed_form, 1e-9)
    if share < 0:
        words = "its sign is flipped, so the loss rewards KL"
    elif latent > 1 and abs(share * latent - 1) < TOLERANCE:
        words = "it is the mean over units, not their sum"
    elif abs(share * batch * latent - 1) < TOLERANCE or abs(share * batch - 1) < TOLERANCE:
        words = "it is divided by the batch's size twice"
    else:
        words = f"it is {share:.3g} times what it should be"
    return Finding(
        "VAE202",
        "failure",
        0,
        f"The KL term is wrong ({words}): the loss uses {paid:.3g} nats, and the outputs of the heads have a KL of "
        f"{closed_form:.3g}.",
        {"charged": paid, "closed_form": closed_form},
        "Add 0.5 (m^2 + e^v - 1 - v), which is KL(N(m, e^v) || N(0, 1)), summed over units, one number for each example.",
    )


def _scale(model: Model, player: Any, beta: float, x: Tensor, noise: BoundNoise, paid: float) -> Finding | None:
    """Check that the reconstruction term is a sum over the numbers of an example, as the KL term is a sum over units.

    Args:
        model: the VAE.
        player: its network.
        beta: the weight of its KL term.
        x: (B, *event) examples in the model's units.
        noise: of one update.
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
    # Some losses use half of the squared error.
    if not any(total > 0 and abs(share * paid * numbers / total - 1) < 0.01 for total in means for share in (1.0, 2.0)):
        return None
    return Finding(
        "VAE204",
        "failure",
        0,
        f"The terms are on different scales: the reconstruction is a mean over {numbers:,} numbers, KL is a sum over units, "
        f"so the weight of KL is {numbers:,} times too large.",
        {"reconstruction": paid, "numbers": numbers},
        "Sum the reconstruction over the numbers of an example, or divide beta by their count. Other remedies against "
        "posterior collapse, such as warm_up, do not help here.",
        propose("beta_per_number", beta=float(f"{beta / numbers:.4g}") if beta else None),
    )


def _sampling(model: Model, player: Any, x: Tensor, noise: BoundNoise) -> Finding | None:
    """Check that the code is drawn from the Gaussian distribution that the heads define."""
    recorded = _heads_and_code(model, player, x, noise)
    if recorded is None:
        return None
    mean, log_variance, code = (values.double() for values in recorded)
    scatter = _deviation(code - mean, torch.exp(0.5 * log_variance))
    # Five standard errors of the mean of B times D squared standard normal values.
    allowed = max(5 * math.sqrt(2 / code.numel()), 0.1)
    if not math.isfinite(scatter) or abs(scatter**2 - 1) <= allowed:
        return None
    if scatter < 0.01:
        words = "it is the mean, without noise"
    elif abs(_deviation(code - mean, torch.exp(log_variance)) ** 2 - 1) <= allowed:
        words = "its standard deviation is exp(v), the variance, instead of exp(v / 2)"
    else:
        words = f"it deviates from the mean {scatter:.2g} times as far as it should"
    return Finding(
        "VAE202",
        "failure",
        0,
        f"The code does not follow its heads ({words}), so the KL term belongs to another distribution.",
        {"deviation_over_that_of_the_heads": scatter},
        "Draw z = mean + exp(0.5 * log_variance) * epsilon, epsilon standard normal.",
    )


def _deviation(differences: Tensor, units: Tensor) -> float:
    """Root mean square of differences / units, (B, D) each."""
    return (differences / units).square().mean().sqrt().item()


def _heads_and_code(model: Model, player: Any, x: Tensor, noise: BoundNoise) -> tuple[Tensor, Tensor, Tensor] | None:
    """Record the heads' outputs and the code in one pass of the loss, with OFFSET added to the log-variances.

    The pass is in training mode, since some networks draw no noise in evaluation mode. With a log-variance near 0, variance
    and standard deviation are both near 1 and cannot be distinguished, hence the offset. The model is left unchanged.

    Returns:
        Mean, log-variance and code, (B, D) each; None if the heads are not linear layers with a bias, or if the decoder does
        not get one code for each example.
    """
    recorded: dict[str, Tensor] = {}
    if not all(isinstance(head, nn.Linear) for head in (player.mean, player.log_variance)):
        return None
    bias = player.log_variance.bias
    if bias is None:
        return None

    def record(name: str, value: Any) -> None:
        if isinstance(value, Tensor):
            recorded.setdefault(name, value.detach())

    hooks = [
        player.mean.register_forward_hook(lambda _, __, output: record("mean", output)),
        player.log_variance.register_forward_hook(lambda _, __, output: record("log-variance", output)),
        player.decoder.register_forward_pre_hook(lambda _, inputs: record("code", inputs[0] if inputs else None)),
    ]
    # Running statistics change in training mode.
    before = [(tensor, tensor.detach().clone()) for tensor in (*player.buffers(), bias)]
    try:
        player.train()
        with torch.no_grad():
            bias.add_(OFFSET)
        with torch.enable_grad():
            model.phases[0].loss(model.players, Batch(x), noise)
    finally:
        for hook in hooks:
            hook.remove()
        with torch.no_grad():
            for tensor, value in before:
                tensor.copy_(value)
    if len(recorded) < 3 or not recorded["code"].shape == recorded["mean"].shape == recorded["log-variance"].shape:
        return None
    return recorded["mean"], recorded["log-variance"], recorded["code"]


def _head(name: str, values: Tensor) -> Finding | None:
    """Check that a head is not clamped: the outputs of an untrained linear head differ between examples."""
    share, low = float(tie_share(values)), float(values.min())
    if values.numel() < 64 or not share > 0.01:
        return None
    return Finding(
        "VAE203",
        "failure",
        0,
        f"The {name} head is clamped: {share:.0%} of its outputs on one batch are the same number.",
        {"tied": share, "lowest": low},
        "Remove the activation (probably a ReLU) from the head: its output must be able to take any value.",
    )
