"""Scores by class, for labelled data whose classifier says of which class a sample is."""

from __future__ import annotations

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.assessment.scoring import Sides
from saddlepoint.evaluation.scorecard import ClassScores


def by_class(sides: Sides, dataset: Dataset) -> tuple[tuple[ClassScores, ...], list[str]]:
    """A row a class, or sentences on why there is none."""
    return (), []
