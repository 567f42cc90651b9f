"""Kinds of runs of the losses without cross-entropy, and of their penalties, constraints and views.

The thresholds of their rules were chosen on seed 0 of similar runs on the grid of the calibration half. These kinds are on the ring
and on digits, of the reporting half. They are short, so that all of them together train in a quarter of an hour on one core.
"""

from __future__ import annotations

from dataclasses import replace

from failures import injections
from failures.kind import Kind, rates

_SLOW = rates(generator=1.0)
_FAST_D = {
    "training.players.discriminator.learning_rate": 3e-3,
    "training.optimiser.schedule": "constant",
    "training.ema": 0.0,
}

_KINDS = (
    # GAN101: a margin or squared errors of 0.
    Kind(
        "hinge-zero-ring",
        "squares-ring",
        "GAN101",
        (1e-7, 1e-5),
        _SLOW,
        {**_FAST_D, "model.objective": "hinge"},
    ),
    Kind("squares-zero-ring", "squares-ring", "GAN101", (1e-7, 1e-5), _SLOW, _FAST_D),
    # GAN103, GAN104 and GAN106: the rules that hold for any loss.
    Kind("pulled-average-ring", "average-ring", "GAN103", (10.0, 100.0), model=injections.pulled_together),
    Kind("d-slow-hinge-ring", "hinge-ring", "GAN104", (1e-8, 1e-6), rates(discriminator=1.0), {"training.ema": 0.0}),
    Kind(
        "g-diverges-squares-ring",
        "squares-ring",
        "GAN106",
        (0.1, 1.0),
        _SLOW,
        {"model.generator.activation": "leaky_relu", "training.ema": 0.0},
    ),
    # GAN111: nothing limits the scores.
    Kind(
        "runaway-ring",
        "penalty-ring",
        "GAN111",
        (1e-6, 1e-5),
        _SLOW,
        {"model.penalties.gradient_penalty": 0.0, **_FAST_D},
    ),
    Kind(
        "runaway-pearson-ring",
        "shannon-ring",
        "GAN111",
        (1e-6, 1e-5),
        _SLOW,
        {"model.objective": "f-pearson", **_FAST_D},
    ),
    # GAN112: a penalty of next to no weight.
    Kind(
        "weak-penalty-ring",
        "penalty-ring",
        "GAN112",
        (1e-5, 1e-3),
        lambda strength: {"model.penalties.gradient_penalty": strength},
        {"training.players.generator.learning_rate": 1e-5, **_FAST_D},
    ),
    # GAN113: too narrow a limit.
    Kind(
        "clipped-ring",
        "clip-ring",
        "GAN113",
        (1e-7, 1e-5),
        lambda strength: {"model.constraints.discriminator": {"name": "clip", "limit": strength}},
    ),
    # GAN114: real examples alone are changed.
    Kind("leaking-digits", "augmented-digits", "GAN114", model=injections.reals_alone_changed),
    Kind(
        "limit-digits",
        "adaptive-digits",
        "GAN114",
        (40, 70),
        lambda strength: {"data.limit": round(strength)},
        {
            "model.views.adaptive_augmentation.images": 2_000,
            "model.views.adaptive_augmentation.target": 0.3,
            "training.batch_size": 32,
            "training.players.discriminator.learning_rate": 3e-3,
            "model.labels.smoothing": 0.0,
        },
    ),
    # GAN115: exponentials of large logits.
    Kind(
        "overflow-hellinger-ring",
        "hellinger-ring",
        "GAN115",
        (0.05, 0.5),
        lambda strength: {"training.optimiser.learning_rate": strength},
        {"model.generator.activation": "leaky_relu", "training.ema": 0.0, "training.optimiser.betas": [0.9, 0.999]},
    ),
    # GAN116: samples that the discriminator never balances.
    Kind("stuck-balance-ring", "balance-ring", "GAN116", (1e-7, 1e-5), _SLOW, {"training.ema": 0.0}),
)

LOSS_KINDS = tuple(replace(kind, seeds=3) for kind in _KINDS)
