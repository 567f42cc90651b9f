"""From a model and data to a scorecard: which metrics apply, and each with its interval, floor and ceiling."""

from __future__ import annotations

from saddlepoint.evaluation.assessment.assess import assess
from saddlepoint.evaluation.assessment.extremes import Extremes, Pairs
from saddlepoint.evaluation.assessment.metric import Metric
from saddlepoint.evaluation.assessment.metrics import METRICS
from saddlepoint.evaluation.assessment.progress import Progress

__all__ = ["METRICS", "Extremes", "Metric", "Pairs", "Progress", "assess"]
