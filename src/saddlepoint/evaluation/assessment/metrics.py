"""The metrics of a scorecard, in the order to read them."""

from __future__ import annotations

from saddlepoint.evaluation.assessment.distances import DISTANCES
from saddlepoint.evaluation.assessment.metric import Metric
from saddlepoint.evaluation.assessment.support import SUPPORT
from saddlepoint.evaluation.assessment.truths import TRUTHS

METRICS: dict[str, Metric] = {**DISTANCES, **SUPPORT, **TRUTHS}
