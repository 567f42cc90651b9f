"""All metrics of the scorecard, in the order in which scores are listed.

To add one: write a file in `rows/` that declares it in a dict `METRICS`, and add the line for that file here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from saddlepoint.evaluation.scorecard.metric_types import Input, Metric, ModelMetric, SampleMetric
from saddlepoint.evaluation.scorecard.rows import (
    annealing,
    bits,
    codes,
    density,
    distances,
    evidence_bound,
    games,
    ground_truth,
    parzen,
    reconstruction,
    stacked_modes,
    support,
)

METRICS: dict[str, Metric] = {
    **stacked_modes.METRICS,
    **distances.METRICS,
    **support.METRICS,
    **ground_truth.METRICS,
    **density.METRICS,
    **reconstruction.METRICS,
    **evidence_bound.METRICS,
    **bits.METRICS,
    **annealing.METRICS,
    **parzen.METRICS,
    **codes.METRICS,
    **games.METRICS,
}

Kind = TypeVar("Kind", bound=Metric)


def sample_metrics(of: Input) -> dict[str, SampleMetric]:
    """The registered metrics of these points, by key."""
    return {key: metric for key, metric in _of_kind(METRICS, SampleMetric).items() if metric.of == of}


def model_metrics() -> dict[str, ModelMetric]:
    """The registered metrics of the model itself, by key."""
    return _of_kind(METRICS, ModelMetric)


def _of_kind(metrics: Mapping[str, Metric], kind: type[Kind]) -> dict[str, Kind]:
    return {key: metric for key, metric in metrics.items() if isinstance(metric, kind)}
