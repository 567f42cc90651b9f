"""A study in a few numbers: at each point how many runs converged, when, and how the outcomes came out, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from saddlepoint.evaluation.statistics.bounded_means import of_bounded_mean
from saddlepoint.evaluation.statistics.intervals import Interval, of_mean, wilson
from saddlepoint.studies.outcomes import KNOWN_MODES, NEVER_NEGATIVE
from saddlepoint.studies.survival import Survival, kaplan_meier
from saddlepoint.studies.tables import Row

# Columns that are no outcomes, beside the axes'.
FIXED = ("seed", "trained", "steps", "frozen_at", "converged", "steps_to_convergence", "censored_at", KNOWN_MODES)
SAMPLES = 2_000  # that outcomes are measured on unless a study says otherwise


@dataclass(frozen=True)
class PointSummary:
    """What the runs of one point came to.

    values: by axis. n: runs. frozen: runs that diverged. converged: their share; median_steps: to convergence, infinite where
    fewer than half converged; both None where convergence was not asked. outcomes: means over the runs that did not diverge
    by name (None for fewer than two of them).
    """

    values: Mapping[str, Any]
    n: int
    frozen: int
    converged: Interval | None
    median_steps: Interval | None
    outcomes: Mapping[str, Interval | None]

    def to_json(self) -> dict[str, Any]:
        """All of it as values that JSON can hold."""
        return {
            "values": dict(self.values),
            "n": self.n,
            "diverged": self.frozen,
            "converged": _numbers(self.converged),
            "median_steps": _numbers(self.median_steps),
            "outcomes": {name: _numbers(interval) for name, interval in self.outcomes.items()},
        }


def summarised(rows: Sequence[Row], axes: Sequence[str]) -> list[PointSummary]:
    """By combination of the axes' values, in the rows' order."""
    return [
        PointSummary(
            values=dict(zip(axes, key, strict=True)),
            n=len(own),
            frozen=sum(row["frozen_at"] is not None for row in own),
            converged=share_converged(own),
            median_steps=None if (curve := survival(own)) is None else curve.quantile(),
            outcomes={name: mean(own, name) for name in outcome_names(own, axes)},
        )
        for key, own in grouped(rows, axes).items()
    ]


def grouped(rows: Sequence[Row], axes: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """The rows by their values on these axes, in order."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in axes), []).append(row)
    return found


def outcome_names(rows: Sequence[Row], axes: Sequence[str]) -> list[str]:
    """The columns that are outcomes."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if name not in FIXED and name not in axes]


def share_converged(rows: Sequence[Row]) -> Interval | None:
    """Wilson's interval; None where it was not asked."""
    if not rows or "converged" not in rows[0]:
        return None
    return wilson(sum(row["converged"] for row in rows), len(rows))


def survival(rows: Sequence[Row]) -> Survival | None:
    """The curve of steps to convergence; None where it was not asked."""
    if not rows or "converged" not in rows[0]:
        return None
    return kaplan_meier(*times(rows))


def times(rows: Sequence[Row]) -> tuple[list[float], list[bool]]:
    """(steps to convergence, or followed without one; which of the two)."""
    return (
        [float(row["steps_to_convergence"] if row["converged"] else row["censored_at"]) for row in rows],
        [bool(row["converged"]) for row in rows],
    )


def mean(rows: Sequence[Row], name: str) -> Interval | None:
    """Of an outcome over the runs that have it, with an interval that stays where the outcome can lie; None for fewer than
    two."""
    values = finite(rows, name)
    if len(values) < 2:
        return None
    numbers = torch.tensor(values, dtype=torch.float64)
    if name not in NEVER_NEGATIVE:
        return of_mean(numbers)
    high, trials = _upper_end(rows, name)
    return of_bounded_mean(numbers, 0.0, high, trials=trials)


def _upper_end(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """(largest possible value of an outcome that is never negative, how many trials one value of it rests on)."""
    if name in ("high_quality", "least_mode"):
        return 1.0, SAMPLES
    modes = max(finite(rows, KNOWN_MODES), default=math.inf)  # results of earlier versions do not say
    if name == "modes_covered" and modes < math.inf:
        return modes, modes
    if name == "reverse_kl" and 1 < modes < math.inf:
        return math.log(modes), SAMPLES
    return math.inf, 1.0


def finite(rows: Sequence[Row], name: str) -> list[float]:
    """The column's numbers, without those of runs that diverged."""
    found = (row.get(name) for row in rows)
    return [float(value) for value in found if value is not None and math.isfinite(value)]


def _numbers(interval: Interval | None) -> dict[str, float | None] | None:
    """The interval as JSON holds it: None for what is infinite."""
    if interval is None:
        return None
    parts = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: value if math.isfinite(value) else None for name, value in parts.items()}
