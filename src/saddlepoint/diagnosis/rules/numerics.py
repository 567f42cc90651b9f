"""Findings on the numbers themselves, whatever the model: NUM301."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# A learning rate lowered by this factor leaves most runs that overflow within their arithmetic; it is a first try, not a law.
_GENTLER = 0.1


@rule("NUM301")
def non_finite(every_series: Mapping[str, Series]) -> Finding | None:
    """A loss, score or norm is NaN or infinite.

    There is no threshold: one such value in a tick poisons every weight it reaches, so nothing after it is trustworthy.
    """
    broken = {
        name: series.last for name, series in every_series.items() if series.values and not math.isfinite(series.last)
    }
    if not broken:
        return None
    first = min(broken)
    step = every_series[first].steps[-1]
    rates = {s.name.split("/")[0]: s.last for s in every_series.values() if s.name.endswith("/learning_rate")}
    return Finding(
        code="NUM301",
        severity="failure",
        step=step,
        title=f"{', '.join(sorted(broken))} became {broken[first]} by step {step}.",
        evidence=dict(broken),
        advice=(
            "Lower the learning rate, clip the gradients, or train in fp32. "
            "The last checkpoint before this step still holds finite weights."
        ),
        remedy={"training.optimiser.learning_rate": max(rates.values()) * _GENTLER} if rates else None,
    )
