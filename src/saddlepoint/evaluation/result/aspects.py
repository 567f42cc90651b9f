"""Everything in which samples may differ from the data, each on one scale: 1 as good as real examples, 0 nothing of them.

- distance: all distances between samples and real examples against those within each (energy distance).
- two-sample test accuracy: how often a classifier recognises samples; 1/2 is best.
- precision, recall, coverage: are samples among real examples, and real examples among samples, over what as many other
  real examples reach. See `saddlepoint.evaluation.neighbours`.
- spread: how far samples lie from each other, over what real examples do; too little and too much are both wrong.
- modes, high quality, balance of the modes, width of the modes: where the data's modes are known.
- new samples: of samples that lie nearer to a training example than other real examples do, there may be few.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.data.dataset import Truth
from saddlepoint.evaluation.diversity import mean_distance
from saddlepoint.evaluation.modes import mode_report
from saddlepoint.evaluation.neighbours import nearest, neighbourhoods
from saddlepoint.evaluation.result.tests_of_equality import FOLDS, best_classifier, energy_test
from saddlepoint.records.result import Aspect

NEIGHBOURS = 20  # points a side, with fewer of which neighbourhoods say nothing
PER_MODE = 10  # samples a mode, with fewer of which its share and width cannot be told
COPIES = 0.3  # the share of samples that are nothing but copies: nothing new, yet not far from the data
NEAR = 0.01  # of held-out examples lie nearer to a training example than this quantile


def distance(real: Tensor, fake: Tensor, seed: int) -> Aspect:
    """The energy coefficient of points real (N, D) and fake (M, D), with its p-value."""
    value, p_value = energy_test(real, fake, seed)
    # A coefficient is a squared distance: its root grows in proportion to how far two distributions are apart.
    return Aspect("energy distance", max(value, 0.0), 0.0, 1 - math.sqrt(min(max(value, 0.0), 1.0)), p_value=p_value)


def recognised(real: Tensor, fake: Tensor, seed: int) -> Aspect | None:
    """How often a classifier tells real (N, D) from fake (M, D); None where there are too few points."""
    if min(len(real), len(fake)) < 2 * FOLDS:
        return None
    accuracy, p_value = best_classifier(real, fake, seed)
    return Aspect("two-sample test accuracy", accuracy, 0.5, _clipped(2 * (1 - accuracy)), p_value=p_value)


def overlap(real: Tensor, fake: Tensor, other: Tensor) -> list[Aspect]:
    """Precision, recall and coverage of fake beside those of other real points, (N, D) each; none of too few points."""
    if min(len(real), len(fake), len(other)) < NEIGHBOURS:
        return []
    n = min(len(fake), len(other))  # all three grow with the number of points
    found, reached = neighbourhoods(real, fake[:n], k=5), neighbourhoods(real, other[:n], k=5)
    return [
        Aspect(name, value, best, _clipped(value / best) if best > 0 else 1.0)
        for name, value, best in (
            ("precision", found.precision, reached.precision),
            ("recall", found.recall, reached.recall),
            ("coverage", found.coverage, reached.coverage),
        )
    ]


def spread(real: Tensor, fake: Tensor) -> Aspect:
    """The mean distance between samples over that between real examples, 1 where they scatter alike."""
    usual, value = mean_distance(real), mean_distance(fake)
    ratio = value / usual if usual > 0 else (1.0 if value == 0 else math.inf)
    return Aspect("spread", ratio, 1.0, min(ratio, 1 / ratio) if ratio > 0 else 0.0)


def known_modes(samples: Tensor, truth: Truth | None) -> list[Aspect]:
    """Modes found, samples near one, shares and widths of the modes, of samples (N, D) in the data's units."""
    if truth is None or truth.modes is None or truth.mode_std is None:
        return []
    report = mode_report(samples, truth.modes, float(truth.mode_std))
    aspects = [
        Aspect("share of modes found", report.covered / report.modes, 1.0, report.covered / report.modes),
        Aspect(
            "samples near a mode",
            report.high_quality,
            report.ceiling,
            _clipped(report.high_quality / report.ceiling),
        ),
    ]
    if len(samples) < PER_MODE * report.modes:
        return aspects
    if report.modes > 1:
        mass = torch.nan_to_num(report.mass)
        # The share of all samples that would have to move for all modes to be visited equally often.
        moved = float((mass - 1 / report.modes).abs().sum()) / 2
        balance = 1 - moved if report.high_quality > 0 else 0.0
        aspects.append(Aspect("balance of the modes", balance, 1.0, balance))
    widths = report.width[report.width.isfinite()]
    if len(widths):
        width = float(widths.double().median())
        aspects.append(Aspect("width of the modes", width, 1.0, min(width, 1 / width) if width > 0 else 0.0))
    return aspects


def new_samples(train: Tensor, held_out: Tensor | None, fake: Tensor) -> Aspect | None:
    """The share of fake (M, D) no nearer to a training example (N, D) than other real examples are.

    Held-out examples (H, D) say how near real examples come; where there are too few, training examples do, each beside
    the others. None where there are too few of both, or where even real examples repeat each other.
    """
    if held_out is not None and len(held_out) >= NEIGHBOURS:
        usual = nearest(held_out, train)[0][:, 0]
    elif len(train) > NEIGHBOURS:
        usual = nearest(train, train, within=True)[0][:, 0]
    else:
        return None
    near = float(usual.double().quantile(NEAR))
    if near == 0:
        return None
    copied = float((nearest(fake, train)[0][:, 0] < near).double().mean())
    excess = max(0.0, copied - NEAR) / (1 - NEAR)
    return Aspect("new samples (not near copies)", 1 - copied, 1 - NEAR, 1 - (1 - COPIES) * excess)


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
