"""Scores of the rows of tables: one file a score, one line in the registry."""

from __future__ import annotations

from saddlepoint.evaluation.tables.comparison import TableMetric
from saddlepoint.evaluation.tables.metrics.copies import copy_check, exact_copies, reason_without_held_out
from saddlepoint.evaluation.tables.metrics.detection import detection_by_boosting, detection_by_logistic
from saddlepoint.evaluation.tables.metrics.membership import attack_by_calibrated_distance, attack_by_distance
from saddlepoint.evaluation.tables.metrics.missingness import missing_patterns, reason_without_missing
from saddlepoint.evaluation.tables.metrics.regression import explained_variance, reason_without_number
from saddlepoint.evaluation.tables.metrics.shapes import column_shapes
from saddlepoint.evaluation.tables.metrics.trends import pair_trends, reason_without_pairs
from saddlepoint.evaluation.tables.metrics.usefulness import reason_without_target, usefulness
from saddlepoint.evaluation.tables.metrics.validity import constraints_held, reason_without_constraints, valid_rows
from saddlepoint.evaluation.tables.metrics.wasserstein import wasserstein

METRICS: dict[str, TableMetric] = {
    "shapes": TableMetric(
        "Column shapes", "higher", "Similarity of the distributions of each column; 1 where they are equal.", column_shapes
    ),
    "trends": TableMetric(
        "Pair trends", "higher", "Similarity of the dependence of two columns; 1 where it is equal.", pair_trends, reason_without_pairs
    ),
    "wasserstein": TableMetric(
        "Wasserstein distance", "lower", "Least cost of moving generated rows onto held-out rows, in ranges of columns.", wasserstein
    ),
    "missing": TableMetric(
        "Missing patterns", "higher", "Similarity of the shares of patterns of missing cells; 1 where they are equal.", missing_patterns, reason_without_missing
    ),
    "valid": TableMetric(
        "Valid rows", "higher", "Share of rows within the ranges and categories of training rows.", valid_rows, needs_outsiders=True
    ),
    "constraints": TableMetric(
        "Constraints met", "higher", "Share of rows that meet the schema's constraints.", constraints_held,
        reason_without_constraints, ideal=1.0,
    ),
    "detection-logistic": TableMetric(
        "Detection, logistic", "lower", "AUC of logistic regression that distinguishes these rows from real ones; .5 is chance.",
        detection_by_logistic, ideal=0.5,
    ),
    "detection-boosting": TableMetric(
        "Detection, boosting", "lower", "AUC of gradient boosting that distinguishes these rows from real ones; .5 is chance.",
        detection_by_boosting, ideal=0.5,
    ),
    "usefulness": TableMetric(
        "Usefulness, macro-F1", "higher", "Classifiers trained on these rows alone, tested on held-out real rows.", usefulness,
        reason_without_target,
    ),
    "usefulness-number": TableMetric(
        "Usefulness, R²", "higher", "Regressions trained on these rows alone, tested on held-out real rows.",
        explained_variance, reason_without_number,
    ),
    "copies": TableMetric(
        "Copy check", "none", "Share of rows nearer to a training row than to one of as many held-out rows; .5 without copies.",
        copy_check, reason_without_held_out, ideal=0.5, needs_outsiders=True,
    ),
    "exact-copies": TableMetric(
        "Exact copies", "lower", "Share of rows that are equal to a training row.", exact_copies, needs_outsiders=True
    ),
    "attack-distance": TableMetric(
        "Attack by distance", "lower", "AUC of recognising training rows by their distance to the nearest generated row; .5 is chance.",
        attack_by_distance, reason_without_held_out, ideal=0.5, needs_outsiders=True,
    ),
    "attack-calibrated": TableMetric(
        "Attack, calibrated", "lower", "The same with this distance relative to that to the nearest of other real rows.",
        attack_by_calibrated_distance, reason_without_held_out, ideal=0.5, needs_outsiders=True,
    ),
}  # fmt: skip
"""Metrics by name, in the order to read them."""
