"""The same scores on both halves of all sets: how far they are apart is an interval, and runs are compared cut by cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.scorecard.comparison import Comparison, Points
from saddlepoint.evaluation.scorecard.metric import Measure, Metric
from saddlepoint.evaluation.statistics.intervals import cut

# What a metric raises on points that it cannot judge: its own sentence, or whatever the libraries below it say. The type
# of another exception than ours is part of the reason, so that a mistake in the program shows.
UNFIT = Exception

Columns = Mapping[str, Sequence[float]]


def by_halves(
    measure: Measure, comparisons: Sequence[Comparison], values: Columns, group: Mapping[str, Metric], resamples: int
) -> tuple[Columns, str]:
    """Half the difference between both halves of all sets in the mean over sampling seeds, {key: one number a cut}; or why
    there are none. values: on the whole sets.

    As `intervals.half_sampling`, for several scores and several sets of samples at once: the cuts of the real examples
    are shared by all sets, and by every model that is measured with the same seed, so that they can be paired.
    """
    if not any(metric.by_halves for metric in group.values()):
        return {}, ""
    fewest = min(len(part) for part in (comparisons[0].real, *(c.fake for c in comparisons)))
    if fewest < 4:
        return {}, f"half of {fewest} points are too few."
    context = comparisons[0].context
    generator = context.generator()
    drawn = []
    try:
        for _ in range(resamples):
            sets = [_cut(part, generator) for part in (comparisons[0].real, *(c.fake for c in comparisons))]
            first, second = (
                columns([measure(Comparison(real, fake, context, share=0.5)) for fake in fakes])
                for real, *fakes in zip(*sets, strict=True)
            )
            drawn.append({key: _apart(group[key], first[key], second[key], values[key]) for key in group})
    except UNFIT as error:
        return {}, f"half of the points are too few ({sentence(error)})"
    return columns(drawn), ""


def _cut(points: Points, generator: torch.Generator) -> tuple[Points, Points]:
    first, second = cut(torch.arange(len(points)), generator)
    return points.take(first), points.take(second)


def _apart(metric: Metric, first: Sequence[float], second: Sequence[float], values: Sequence[float]) -> float:
    """Half the difference of the means over sampling seeds. Of a root, of its squares, which are what adds up: halves raise
    a small root, by their bias, to where it moves less."""
    whole = 2 * _mean(values)
    if metric.shape == "root" and whole > 0:
        return (_mean([one**2 for one in first]) - _mean([one**2 for one in second])) / 2 / whole
    return (_mean(first) - _mean(second)) / 2


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def columns(rows: Sequence[Mapping[str, float]]) -> Columns:
    """Each score's values, one a row."""
    return {key: [row[key] for row in rows] for key in rows[0]}


def sentence(error: Exception) -> str:
    """The first line of what an error says, as one; with the error's type where the sentence is not ours."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    text = first if first and isinstance(error, SaddlepointError) else f"{type(error).__name__}: {first}".rstrip(": ")
    return text if text.endswith(".") else f"{text}."
