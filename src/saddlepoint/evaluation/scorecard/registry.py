"""All metrics of the scorecard, in the order in which scores are listed.

To add one: write a file that declares it in a dict `METRICS`, and add one line to `FILES`. The metric itself says in which
section it is listed, what it needs, and whether it decides which of several runs is better.
"""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar, get_args

from saddlepoint.evaluation.scorecard.metric_types import Input, Metric, ModelMetric, SampleMetric, Section

_ROWS = "saddlepoint.evaluation.scorecard.rows"
SECTIONS: tuple[Section, ...] = get_args(Section)
# Import paths of the files; your own may be added before an evaluation.
FILES: dict[str, str] = {
    "stacked_modes": f"{_ROWS}.stacked_modes",
    "distances": f"{_ROWS}.distances",
    "support": f"{_ROWS}.support",
    "ground_truth": f"{_ROWS}.ground_truth",
    "density": f"{_ROWS}.density",
    "reconstruction": f"{_ROWS}.reconstruction",
    "evidence_bound": f"{_ROWS}.evidence_bound",
    "bits": f"{_ROWS}.bits",
    "annealing": f"{_ROWS}.annealing",
    "parzen": f"{_ROWS}.parzen",
    "class_accuracy": f"{_ROWS}.class_accuracy",
    "codes": f"{_ROWS}.codes",
    "games": f"{_ROWS}.games",
}

Kind = TypeVar("Kind", bound=Metric)


def all_metrics() -> dict[str, Metric]:
    """Return the registered metrics by key, in the order in which their scores are listed."""
    declared: dict[str, Metric] = {}
    for path in FILES.values():
        declared |= import_module(path).METRICS
    return dict(sorted(declared.items(), key=lambda entry: SECTIONS.index(entry[1].section)))


def sample_metrics(of: Input) -> dict[str, SampleMetric]:
    """Return the registered metrics of these points, by key."""
    return {key: metric for key, metric in _of_kind(SampleMetric).items() if metric.of == of}


def model_metrics() -> dict[str, ModelMetric]:
    """Return the registered metrics of the model itself, by key."""
    return _of_kind(ModelMetric)


def _of_kind(kind: type[Kind]) -> dict[str, Kind]:
    return {key: metric for key, metric in all_metrics().items() if isinstance(metric, kind)}
