"""Validity: do rows have values that real rows can have, and do they meet the constraints of the schema?

A row is valid where each number lies between the smallest and the largest of the training rows, each category is one of theirs, and no cell is
missing in a column that is complete there. Other real rows violate this now and then, so that their share is the baseline.
"""

from __future__ import annotations

import numpy as np

from saddlepoint.data.tabular.constraints import Constraints
from saddlepoint.evaluation.statistics.intervals import wilson_interval
from saddlepoint.evaluation.tables.comparison import Comparison, Measurement, as_estimate


def valid_rows(comparison: Comparison) -> Measurement:
    """The share of rows all of whose cells are possible values, in [0, 1]; parts are columns."""
    train, rows = (comparison.values(frame) for frame in (comparison.train, comparison.rows))
    valid = np.empty(rows.shape, dtype=bool)
    for place, column in enumerate(comparison.schema.learnt):
        known, cells = train[:, place], rows[:, place]
        given = known[~np.isnan(known)]
        if column.has_categories:
            inside = np.isin(cells, given)
        else:
            inside = (cells >= given.min()) & (cells <= given.max()) if len(given) else np.zeros(len(cells), dtype=bool)
        valid[:, place] = np.where(np.isnan(cells), np.isnan(known).any(), inside)
    names = (column.name for column in comparison.schema.learnt)
    parts = [part for part in zip(names, valid.mean(0).tolist(), strict=True) if part[1] < 1]
    return Measurement(
        as_estimate(wilson_interval(float(valid.all(1).sum()), len(rows))),
        tuple(sorted(parts, key=lambda part: part[1])),
    )


def reason_without_constraints(comparison: Comparison) -> str | None:
    """Why there are no constraints to check, or None."""
    return None if comparison.schema.constraints else "the schema has no constraints."


def constraints_held(comparison: Comparison) -> Measurement:
    """The share of rows that meet all constraints, in [0, 1]; parts are constraints."""
    constraints = Constraints(comparison.schema.constraints, comparison.schema)
    held = constraints.holds(comparison.rows)
    parts = [(text, 1 - share) for text, share in constraints.violations(comparison.rows).items()]
    return Measurement(
        as_estimate(wilson_interval(float(held.sum()), len(held))), tuple(sorted(parts, key=lambda part: part[1]))
    )
