"""Measurements of normalising flows and diffusion models, from which the ground truth is decided.

They use more training examples than the rules, which mostly use held-out ones, and other comparisons: a spike of a density is one that neighbours a
fiftieth of a standard deviation away do not have; samples are compared with those of a far finer integration.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saddlepoint.objectives.denoising import DenoisingNoise, denoising
from saddlepoint.objectives.phase import Batch

SEED = 7_411
SHIFT = 0.02  # standard deviations
FINE = 150  # steps of Heun's method
MOST, LEVELS = 200, (0.2, 0.4, 0.6)  # examples, and quantiles of the noise levels, at which losses are compared


def flow_facts(model: Any, train: Tensor, held_out: Tensor) -> dict[str, Any]:
    """Likelihoods, the error of the inverse, the lowest density, and how much higher it is at examples than beside them."""
    x = train[:300]
    generator = torch.Generator().manual_seed(SEED)
    values = x.float()
    spread = values.std(0, keepdim=True).clamp_min(1e-9)
    unit = 1.0 if model.event.levels is None else 0.5
    if model.event.levels is not None:  # what is spread over a unit has no spikes within it
        values = values + torch.rand(values.shape, generator=generator) - 0.5
    shifted = values + unit * SHIFT * spread * torch.randn(values.shape, generator=generator)
    labels = None if model.classes is None else torch.zeros(len(x), dtype=torch.int64)
    units = model.model_units(x)
    with torch.no_grad():
        z = model.player(units, *([] if labels is None else [labels]))[0]
        back = model.player.inverse(z, *([] if labels is None else [labels]))
    return {
        "train_log_prob": float(model.log_prob(train).mean()),
        "held_out_log_prob": float(model.log_prob(held_out).mean()),
        "inverse": float((back - units).abs().mean()),
        "lowest": float((model.log_prob(train) - model.scaling.log_abs_det).min() / model.numbers),
        "spike": float((model.log_prob(values) - model.log_prob(shifted)).median() / model.numbers),
    }


def diffusion_facts(model: Any, train: Tensor, held_out: Tensor) -> dict[str, Any]:
    """How far samples are from those of a far finer integration, the scale of the data relative to what is assumed, and the mean loss
    of examples at a few noise levels."""
    from saddlepoint.models.diffusion.samplers import heun

    z = model.latent_codes(model.fixed_noise(100, torch.Generator().manual_seed(SEED)))
    numbers, weights = model.split_codes(z)
    start = model._start_std * numbers.view(len(z), *model.event.shape)
    with model.at_rest():
        made = model.sampler(z)
        estimate = model._conditional(weights, model.settings.guidance)
        exact = heun(estimate, model.path, start, model.path.times(FINE))
        size = float(model.model_units(train).square().mean().sqrt())
    return {
        "sampler_gap": float((made - exact).flatten(1).norm(dim=1).median() / model.event.size**0.5),
        "scale_ratio": max(size / model.assumed_std, model.assumed_std / size),
        "train_loss": _denoising_loss(model, train),
        "held_out_loss": _denoising_loss(model, held_out),
    }


@torch.no_grad()
def _denoising_loss(model: Any, x: Tensor) -> float:
    """The loss of examples x (N, *event) of the data, the mean over a few noise levels, each with the same noise every time."""
    units, values = model.model_units(x[:MOST]), []
    generator = torch.Generator().manual_seed(SEED)
    labels = None if model.classes is None else torch.zeros(len(units), model.classes)
    loss = denoising(model.formulation, None if labels is None else lambda own, _: own)
    with model.at_rest():
        for share in LEVELS:
            time = model._times(torch.full((len(units),), share)).to(units)
            noise = DenoisingNoise(time, torch.randn(units.shape, generator=generator))
            values.append(loss({"dm": model.player}, Batch(units, labels), noise)[0].mean())
    return float(torch.stack(values).mean())
