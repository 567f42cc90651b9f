"""The metrics of a scorecard, in the order to read them."""

from __future__ import annotations

from saddlepoint.evaluation.scorecard.metric import Metric
from saddlepoint.evaluation.scorecard.rows.distances import DISTANCES
from saddlepoint.evaluation.scorecard.rows.ground_truth import TRUTHS
from saddlepoint.evaluation.scorecard.rows.support import SUPPORT

METRICS: dict[str, Metric] = {**DISTANCES, **SUPPORT, **TRUTHS}
