"""Scores on both halves of all sets: how far they differ gives an interval, and runs are compared split by split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.scorecard.comparison import Comparison, Points
from saddlepoint.evaluation.scorecard.metric_types import Measure, SampleMetric
from saddlepoint.evaluation.statistics.resampling import random_halves

# What a metric raises on points that it cannot score: its own sentence, or whatever the libraries below it raise. The type
# of a foreign exception is part of the reason, so that a mistake in the program is visible.
UNFIT = Exception

Columns = Mapping[str, Sequence[float]]


def split_half_differences(
    measure: Measure,
    comparisons: Sequence[Comparison],
    values: Columns,
    group: Mapping[str, SampleMetric],
    resamples: int,
) -> tuple[Columns, str]:
    """Half the difference between both halves of all sets, in the mean over sampling seeds.

    As `resampling.half_sampling`, for several scores and several sets of samples at once: the splits of the real examples
    are shared by all sets, and by every model that is measured with the same seed, so that they can be paired.

    Args:
        measure: what is computed on the halves.
        comparisons: of each sampling seed.
        values: by key, the values on the whole sets.
        group: the metrics that share the measure.
        resamples: random splits.

    Returns:
        By key, one difference a split; or nothing, and the reason.
    """
    if not any(metric.uses_halves for metric in group.values()):
        return {}, ""
    fewest = min(len(part) for part in (comparisons[0].real, *(c.fake for c in comparisons)))
    if fewest < 4:
        return {}, f"half of {fewest} points are too few."
    context = comparisons[0].context
    generator = context.generator()
    differences = []
    try:
        for _ in range(resamples):
            sets = [_split(part, generator) for part in (comparisons[0].real, *(c.fake for c in comparisons))]
            first, second = (
                columns([measure(Comparison(real, fake, context, share=0.5)) for fake in fakes])
                for real, *fakes in zip(*sets, strict=True)
            )
            differences.append(
                {key: _half_difference(group[key], first[key], second[key], values[key]) for key in group}
            )
    except UNFIT as error:
        return {}, f"half of the points are too few ({sentence(error)})"
    return columns(differences), ""


def _split(points: Points, generator: torch.Generator) -> tuple[Points, Points]:
    first, second = random_halves(torch.arange(len(points)), generator)
    return points.take(first), points.take(second)


def _half_difference(
    metric: SampleMetric, first: Sequence[float], second: Sequence[float], values: Sequence[float]
) -> float:
    """Half the difference of the means over sampling seeds.

    For a root score, the difference of its squares is taken, which are what adds up: the bias of halves raises a small
    root to where it varies less.
    """
    whole = 2 * _mean(values)
    if metric.shape == "root" and whole > 0:
        return (_mean([one**2 for one in first]) - _mean([one**2 for one in second])) / 2 / whole
    return (_mean(first) - _mean(second)) / 2


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def columns(rows: Sequence[Mapping[str, float]]) -> Columns:
    """From one mapping a row to the values of each score."""
    return {key: [row[key] for row in rows] for key in rows[0]}


def sentence(error: Exception) -> str:
    """The first line of an error's message as a sentence; with the error's type where the message is not ours."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    text = first if first and isinstance(error, SaddlepointError) else f"{type(error).__name__}: {first}".rstrip(": ")
    return text if text.endswith(".") else f"{text}."
