"""SMOTE: rows between neighbouring rows of a class. On tables it beats most generative models, so that it has to be compared with."""

from __future__ import annotations

from saddlepoint.applications.augment.alternatives.situation import Situation, TrainingSet
from saddlepoint.applications.augment.examples import Rows
from saddlepoint.evaluation.tables.oversample import smote


def interpolated(situation: Situation) -> TrainingSet:
    """The real rows and rows by SMOTE, or SMOTE-NC with categories."""
    rows = situation.real
    assert isinstance(rows, Rows)
    categories = rows.schema.column(rows.target).categories
    counts = {value: int(count) for value, count in zip(categories, situation.added, strict=True) if count}
    if not counts:
        return TrainingSet(rows)
    return TrainingSet(
        rows.join(Rows(smote(rows.frame, rows.schema, rows.target, counts, situation.rng(2)), rows.schema))
    )
