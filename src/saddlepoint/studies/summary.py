"""A study's results by point: share of runs that converged, median steps, and mean outcomes, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from saddlepoint.evaluation.statistics.bounded_means import bounded_mean_interval
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval, wilson_interval
from saddlepoint.studies.outcomes import KNOWN_MODES, NEVER_NEGATIVE
from saddlepoint.studies.survival import Survival, kaplan_meier
from saddlepoint.studies.tables import Row

# Columns that are neither outcomes nor axes.
FIXED = ("seed", "trained", "steps", "frozen_at", "converged", "steps_to_convergence", "censored_at", KNOWN_MODES)
SAMPLES = 2_000  # default number of samples that outcomes are measured on


@dataclass(frozen=True)
class PointSummary:
    """The results of one point.

    Attributes:
        values: by axis, the value.
        n: number of runs.
        frozen: number of runs that diverged.
        converged: share of runs that converged; None if convergence was not checked.
        median_steps: median steps to convergence; infinite if fewer than half converged; None if convergence was not
            checked.
        outcomes: by name, means over the runs that did not diverge; None if there are fewer than two.
    """

    values: Mapping[str, Any]
    n: int
    frozen: int
    converged: Interval | None
    median_steps: Interval | None
    outcomes: Mapping[str, Interval | None]

    def to_json(self) -> dict[str, Any]:
        """The summary as JSON values."""
        return {
            "values": dict(self.values),
            "n": self.n,
            "diverged": self.frozen,
            "converged": _numbers(self.converged),
            "median_steps": _numbers(self.median_steps),
            "outcomes": {name: _numbers(interval) for name, interval in self.outcomes.items()},
        }


def summarise(rows: Sequence[Row], axes: Sequence[str]) -> list[PointSummary]:
    """Summarise the rows for each combination of the axes' values, in the order of the rows.

    Args:
        rows: one per run, as in results.csv.
        axes: names of the axes.
    """
    return [
        PointSummary(
            values=dict(zip(axes, key, strict=True)),
            n=len(own),
            frozen=sum(row["frozen_at"] is not None for row in own),
            converged=share_converged(own),
            median_steps=None if (curve := survival(own)) is None else curve.quantile(),
            outcomes={name: mean(own, name) for name in outcome_names(own, axes)},
        )
        for key, own in group_rows(rows, axes).items()
    ]


def group_rows(rows: Sequence[Row], axes: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """Group rows by their values on these axes, in the order of the rows.

    Args:
        rows: one per run.
        axes: names of the axes.

    Returns:
        The rows by combination of values.
    """
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in axes), []).append(row)
    return found


def outcome_names(rows: Sequence[Row], axes: Sequence[str]) -> list[str]:
    """Names of the columns that are outcomes.

    Args:
        rows: one per run.
        axes: names of the axes, which are no outcomes.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if name not in FIXED and name not in axes]


def share_converged(rows: Sequence[Row]) -> Interval | None:
    """The share of runs that converged, with Wilson's interval; None if convergence was not checked."""
    if not rows or "converged" not in rows[0]:
        return None
    return wilson_interval(sum(row["converged"] for row in rows), len(rows))


def survival(rows: Sequence[Row]) -> Survival | None:
    """The survival curve of steps to convergence; None if convergence was not checked."""
    if not rows or "converged" not in rows[0]:
        return None
    return kaplan_meier(*convergence_times(rows))


def convergence_times(rows: Sequence[Row]) -> tuple[list[float], list[bool]]:
    """Steps to convergence as censored times.

    Returns:
        Steps to convergence, or to the end of the run if it did not converge; and whether it converged.
    """
    return (
        [float(row["steps_to_convergence"] if row["converged"] else row["censored_at"]) for row in rows],
        [bool(row["converged"]) for row in rows],
    )


def mean(rows: Sequence[Row], name: str) -> Interval | None:
    """Mean of an outcome over the runs that have it.

    Args:
        rows: one per run.
        name: name of the outcome.

    Returns:
        The mean with an interval within the outcome's range; None for fewer than two runs.
    """
    values = finite(rows, name)
    if len(values) < 2:
        return None
    numbers = torch.tensor(values, dtype=torch.float64)
    if name not in NEVER_NEGATIVE:
        return mean_interval(numbers)
    high, trials = _upper_end(rows, name)
    return bounded_mean_interval(numbers, 0.0, high, trials=trials)


def _upper_end(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """The largest possible value of a non-negative outcome, and the number of trials behind one value."""
    if name in ("high_quality", "least_mode"):
        return 1.0, SAMPLES
    modes = max(finite(rows, KNOWN_MODES), default=math.inf)  # earlier versions did not write this column
    if name == "modes_covered" and modes < math.inf:
        return modes, modes
    if name == "reverse_kl" and 1 < modes < math.inf:
        return math.log(modes), SAMPLES
    return math.inf, 1.0


def finite(rows: Sequence[Row], name: str) -> list[float]:
    """The finite numbers of a column, which are those of runs that did not diverge.

    Args:
        rows: one per run.
        name: name of the column.
    """
    found = (row.get(name) for row in rows)
    return [float(value) for value in found if value is not None and math.isfinite(value)]


def _numbers(interval: Interval | None) -> dict[str, float | None] | None:
    """The interval as JSON values; None for infinite ones."""
    if interval is None:
        return None
    parts = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: value if math.isfinite(value) else None for name, value in parts.items()}
