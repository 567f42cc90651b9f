"""How often intervals contain what they estimate: scores of fresh points, measured many times.

An interval is about the expectation of its score at this number of points, over fresh real examples and fresh samples, with the training
examples, and whatever was fitted to them, given. The mean of all repeats estimates it. Real examples take the samples' place for
the real-data baseline.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from unittest import mock

import torch
from torch import Tensor

from saddlepoint.data.mixtures import EqualGaussians
from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.scorecard.comparison import Context, Points
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.metric_types import SampleMetric
from saddlepoint.evaluation.scorecard.registry import sample_metrics
from saddlepoint.evaluation.scorecard.rows import distances, support
from saddlepoint.evaluation.scorecard.sample_scores import score_samples
from saddlepoint.evaluation.statistics.intervals import wilson_interval

LOW, HIGH = 0.92, 0.98
REPEATS = 500
N, CUTS, DIRECTIONS = 200, 8, 20
TRIPLES = 1_000  # samples whose modes are counted
METRICS, STACKED = {**sample_metrics("features"), **sample_metrics("examples")}, sample_metrics("digit triples")
SEVERAL = {"wasserstein", "birthday", *STACKED}  # with points of their own
# A whole number that seldom changes has an interval of no width, which its expectation misses by a hundredth.
COUNTS = {"classes_covered", "modes_covered"}
SCORES: Mapping[str, SampleMetric] = {**METRICS, **STACKED}

Intervals = tuple[Tensor, Tensor, Tensor]  # values, lows and highs (repeats,)
Held = dict[str, Intervals]
"""Those of each score."""


def mixture(modes: int, axes: int) -> EqualGaussians:
    angle = 2 * math.pi * torch.arange(modes).double() / modes
    centres = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)[:, :axes]
    return EqualGaussians(centres, 0.4, torch.arange(modes))


def draw(truth: EqualGaussians, n: int, generator: torch.Generator, weights: Tensor, off: float) -> Tensor:
    """n independent points whose modes have these weights, with noise and a shift of `off`."""
    mode = torch.multinomial(weights, n, replacement=True, generator=generator)
    noise = torch.randn(n, truth.centres.shape[1], generator=generator, dtype=torch.float64)
    shift = torch.eye(1, truth.centres.shape[1], dtype=torch.float64) * off
    return (truth.centres[mode] + (truth.std**2 + off**2) ** 0.5 * noise + shift).float()


def measured(sides: FeatureSets, metrics: Mapping[str, SampleMetric]) -> list[tuple[str, bool, float, float, float]]:
    """(score, whether it is the real-data baseline, value, low, high), all in one call."""
    scores, skipped = score_samples(
        sides, {key: replace(one, worst_case=()) for key, one in metrics.items()}, CUTS, lambda *_: None
    )
    assert not skipped
    rows = []
    for key, score in scores.items():
        for baseline, found in ((False, score), (True, score.baseline)):
            assert found is not None
            assert found.low is not None
            assert found.high is not None
            rows.append((key, baseline, found.value, found.low, found.high))
    return rows


def collected(rows: list[list[tuple[str, bool, float, float, float]]]) -> tuple[Held, Held]:
    """The same for samples that differ from the data, and for samples that do not."""
    found: tuple[dict[str, Tensor], dict[str, Tensor]] = ({}, {})
    for repeats in zip(*rows, strict=True):
        key, baseline = repeats[0][:2]
        found[baseline][key] = torch.tensor([row[2:] for row in repeats], dtype=torch.float64)
    plain, baselines = ({key: tuple(part.unbind(1)) for key, part in side.items()} for side in found)
    return plain, baselines  # type: ignore[return-value]


def in_the_plane(keys: Collection[str], repeats: range) -> tuple[Held, Held]:
    """Five modes; those of the samples have other weights, are wider and shifted."""
    truth, equal = mixture(5, 2), torch.ones(5, dtype=torch.float64)
    weights = torch.tensor([0.1, 0.15, 0.2, 0.25, 0.3], dtype=torch.float64)
    train = draw(truth, 2_000, torch.Generator().manual_seed(0), equal, 0.0)

    def points(x: Tensor) -> Points:
        posterior = (torch.cdist(x.double(), truth.centres).square() / (-2 * truth.std**2)).softmax(1).float()
        return Points(x, posterior, nearest(x, train)[0][:, 0])

    metrics = {key: metric for key, metric in METRICS.items() if key in keys}
    cells, rows = None, []
    for repeat in repeats:
        generator = torch.Generator().manual_seed(1_000 + repeat)
        real, other = (points(draw(truth, N, generator, equal, 0.0)) for _ in range(2))
        fake = points(draw(truth, N, generator, weights, 0.5))
        context = Context(real, points(train) if cells is None else cells[0], truth, 0, 2)
        if cells is not None:
            context.bins = cells[1]  # of training examples, once for all repeats
        cells = (context.train, context.bins)
        with mock.patch.object(distances, "DIRECTIONS", DIRECTIONS):
            rows.append(measured(FeatureSets("", context, (fake,), other, {}), metrics))
    return collected(rows)


def on_a_line(keys: Collection[str], repeats: range) -> tuple[Held, Held]:
    truth, equal = mixture(3, 1), torch.ones(3, dtype=torch.float64)
    rows = []
    for repeat in repeats:
        generator = torch.Generator().manual_seed(1_000 + repeat)
        real, other = (Points(draw(truth, N, generator, equal, 0.0)) for _ in range(2))
        fake = Points(draw(truth, N, generator, equal, 0.5))
        sides = FeatureSets("", Context(real, real, truth, 0, 1), (fake,), other, {})
        rows.append(measured(sides, {key: METRICS[key] for key in keys}))
    return collected(rows)


def of_stacks(keys: Collection[str], repeats: range) -> tuple[Held, Held]:
    """A thousand modes, half of which are four times as frequent as the others."""
    equal = torch.ones(1_000, dtype=torch.float64)
    weights = torch.cat([4 * torch.ones(500), torch.ones(500)]).double()
    metrics = {key: metric for key, metric in STACKED.items() if key in keys}
    rows = []
    for repeat in repeats:
        generator = torch.Generator().manual_seed(1_000 + repeat)
        other, fake = (
            Points(torch.multinomial(shares, TRIPLES, replacement=True, generator=generator)[:, None].float())
            for shares in (equal, weights)
        )
        rows.append(measured(FeatureSets("", Context(other, other, None, 0, 1), (fake,), other, {}), metrics))
    return collected(rows)


def birthdays(keys: Collection[str], repeats: range) -> tuple[Held, Held]:
    """Shares of batches with a duplicate, for samples with 1,000 and with 3,000 different values and the same real points."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(3_000, 2, generator=generator)
    real = Points(torch.arange(2.0 * N).reshape(N, 2) * 1e-6)  # so close that only equal samples count as such
    size = N // support.BATCH_SHARE
    rows = []
    for repeat in range(repeats.stop):
        row = []
        for baseline, number in ((False, 1_000), (True, 3_000)):
            fake = Points(values[torch.randint(number, (N,), generator=generator)])
            context = Context(real, real, None, int(torch.randint(10**6, (1,), generator=generator)), 2)
            if repeat not in repeats:
                continue  # those before the first were drawn, so that each repeat has its own points in any range
            score = score_samples(
                FeatureSets("", context, (fake,), fake, {}),
                {key: replace(METRICS[key], worst_case=()) for key in keys},
                CUTS,
                lambda *_: None,
            )[0]["birthday"]
            shares = [-math.expm1(-(size**2) / 2 / one) if one else 1.0 for one in (score.value, score.high, score.low)]
            row.append(("birthday", baseline, *shares))
        if row:
            rows.append(row)
    return collected(rows)


def simulate(keys: Collection[str], repeats: range = range(REPEATS)) -> tuple[Held, Held]:
    """The intervals of these scores, for samples that differ from the data and for samples that do not.

    Other repeats draw other points, so that what two disjoint ranges give can be joined.
    """
    parts: Mapping[Callable[[Collection[str], range], tuple[Held, Held]], Collection[str]] = {
        in_the_plane: METRICS.keys() - SEVERAL,
        on_a_line: {"wasserstein"},
        of_stacks: STACKED.keys(),
        birthdays: {"birthday"},
    }
    different: Held = {}
    equal: Held = {}
    for measure, own in parts.items():
        if wanted := set(own) & set(keys):
            found = measure(wanted, repeats)
            different |= found[0]
            equal |= found[1]
    return different, equal


def coverage(key: str, intervals: Intervals) -> tuple[float, float]:
    """The expectation, and the share of intervals that contain it."""
    (values, low, high), slack = intervals, 0.5 if key in COUNTS else 1e-9
    expectation = values.mean()
    return float(expectation), float(((low - slack <= expectation) & (expectation <= high + slack)).double().mean())


def enough(share: float, repeats: int) -> bool:
    """Whether the Wilson 95 % interval around this coverage reaches up to LOW."""
    return wilson_interval(share * repeats, repeats).high >= LOW


def lawful(key: str, share: float, repeats: int, *, baseline: bool) -> bool:
    """Whether the Wilson 95 % interval around this coverage reaches into LOW to HIGH; for baselines and counts it may lie above.

    Where the samples are as good as the data, a distance varies as 1 / N^2 and not as 1 / N, and its interval is up to sqrt(2) times
    too wide. With fewer than 189 repeats no coverage lies above: all intervals may contain the value by chance where 98 % do.
    """
    above = wilson_interval(share * repeats, repeats).low > HIGH
    return enough(share, repeats) and (baseline or key in COUNTS or not above)
