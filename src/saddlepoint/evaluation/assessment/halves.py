"""The same scores on random halves of all sets: their scatter is an interval, and runs are compared draw by draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.assessment.metric import Measure, Metric
from saddlepoint.evaluation.assessment.sets import Comparison

# What a metric raises on points that it cannot judge.
UNFIT = (DataError, ValueError, torch.linalg.LinAlgError)  # type: ignore[attr-defined]

Columns = Mapping[str, Sequence[float]]


def by_halves(
    measure: Measure, comparisons: Sequence[Comparison], group: Mapping[str, Metric], resamples: int
) -> tuple[Columns, str]:
    """The mean over sampling seeds on random halves of all sets, {key: one value a draw}; or why there are none.

    As `intervals.half_sampling`, for several scores and several sets of samples at once: the halves of the real examples
    are shared by all sets, and by every model that is measured with the same seed, so that draws can be paired.
    """
    if all(metric.interval != "halves" for metric in group.values()):
        return {}, ""
    context = comparisons[0].context
    generator = context.generator()
    drawn = []
    try:
        for _ in range(resamples):
            real = comparisons[0].real.take(_half(len(comparisons[0].real), generator))
            halves = [
                Comparison(real, c.fake.take(_half(len(c.fake), generator)), context, share=0.5) for c in comparisons
            ]
            found = columns([measure(half) for half in halves])
            drawn.append({key: sum(values) / len(values) for key, values in found.items()})
    except UNFIT as error:
        return {}, f"half of the points are too few ({sentence(error)})"
    return columns(drawn), ""


def _half(n: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(n, generator=generator)[: n // 2]


def columns(rows: Sequence[Mapping[str, float]]) -> Columns:
    """Each score's values, one a row."""
    return {key: [row[key] for row in rows] for key in rows[0]}


def sentence(error: Exception) -> str:
    """The first line of what an error says, as one."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text if text.endswith(".") else f"{text}."
