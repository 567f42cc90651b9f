"""What a probe measures of a discriminator without probabilities, and of its penalties, constraints and views.

Nothing here is read from a record: slopes, gaps, losses and leaks are computed again from the model and the data.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from saddlepoint.diagnosis.traits import traits_of
from saddlepoint.models.capabilities import Augments, Conditional, has
from saddlepoint.networks.evaluating import evaluating

SEED = 8
MARGIN_LOSS = 2.0  # of a discriminator that cannot distinguish


def critic_facts(model: Any, train: Tensor, held_out: Tensor, samples: Tensor, step: int) -> dict[str, Any]:
    """Measure the discriminator of a GAN.

    Args:
        model: a GAN.
        train: (N, *event) training examples in the data's units.
        held_out: (M, *event) other real examples.
        samples: (K, *event) of the generator itself, not of its average.
        step: of training.

    Returns:
        Empty for a discriminator that also takes labels or codes. gap: mean logit of held-out examples minus that of samples. slope: median norm of the logit's gradient halfway between real
        examples and samples. target: of the slope, NaN without a penalty that has one. certain: how far the scores are from
        undecided, 0 to 1; NaN where scores have no such meaning. flat: norm of the gradient of the logit at samples, if weights are
        clipped. leaked: see `_leaked`. weight: BEGAN's. augmentation: the probability of adaptive augmentation. loss: the largest absolute loss of a player.
    """
    if has(model, Conditional) or set(model.players) != {"d", "g"}:
        return {}  # a discriminator that takes more than an example
    traits = traits_of((model.family, model.settings.objective))
    real, fake = model.logits(held_out).double(), model.logits(samples).double()
    found: dict[str, Any] = {"gap": float(real.mean() - fake.mean()), "unbounded": "unbounded" in traits}
    found["certain"] = math.nan
    if "margin" in traits:
        cost = (1 - real).clamp_min(0).mean() + (1 + fake).clamp_min(0).mean()
        found["certain"] = float(1 - cost / MARGIN_LOSS)
    elif "probability" in traits:
        found["certain"] = float("inf")  # `sure` says it
    n = min(len(held_out), len(samples))
    units = [model.model_units(part[:n]) for part in (held_out, samples)]
    found["slope"] = _slope(model, 0.5 * (units[0] + units[1]))
    settings = model.settings
    targets = [
        settings.penalties[name].arguments.get("target", 1.0)
        for name in ("gradient_penalty", "dragan")
        if name in settings.penalties and settings.penalties[name].weight > 0
    ]
    found["target"] = float(targets[0]) if targets else math.nan
    constraint = settings.constraints.get("discriminator")
    if constraint is not None and constraint.name == "clip":
        found["flat"] = _slope(model, units[1])
    if has(model, Augments):
        found["leaked"] = _leaked(model, train, held_out, samples, step)
    states = model._part_states.present or {}
    if "weight" in states.get("objective", {}):
        found["weight"] = float(states["objective"]["weight"])
    if "probability" in states.get("views.adaptive_augmentation", {}):
        found["augmentation"] = float(states["views.adaptive_augmentation"]["probability"])
    if "exponential" in traits:
        loss = model.parts.loss
        costs = [loss.real(real), loss.fake(fake), loss.generator(fake)]
        found["loss"] = max(float(cost.mean().abs()) for cost in costs)
    return found


def _slope(model: Any, x: Tensor) -> float:
    """Median norm of the gradient of the logit at x (N, *event) in the model's units."""
    x = x.detach().clone().requires_grad_()
    with evaluating(model.players["d"]), torch.enable_grad():
        (gradient,) = torch.autograd.grad(model.judge(x).sum(), x)
    return float(gradient.flatten(1).norm(dim=1).median())


def _leaked(model: Any, train: Tensor, held_out: Tensor, samples: Tensor, step: int) -> float:
    """How much more often samples than training examples have a changed example as their nearest neighbour.

    Neighbours are as many held-out examples, and the same with the discriminator's changes, in pixels.
    """
    clean = model.model_units(held_out)
    changed = model.augmented(clean, torch.Generator().manual_seed(SEED + step)).flatten(1)
    clean = clean.flatten(1)

    def share(x: Tensor) -> float:
        at = model.model_units(x).flatten(1)
        return float((torch.cdist(at, changed).amin(1) < torch.cdist(at, clean).amin(1)).double().mean())

    return share(samples) - share(train)
