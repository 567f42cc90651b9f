"""Findings on the numbers themselves, whatever the model: NUM301."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# A learning rate lowered by this factor leaves most runs that overflow within their arithmetic; it is a first try, not a law.
_GENTLER = 0.1
_MOST = 1e-2  # a tenth of an absurd rate is still absurd
_NAMED = 3  # series in the title; the evidence has all
_SECTIONS = {"d": "discriminator", "g": "generator"}  # whose players have settings of their own; others share one


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
    names = sorted(broken)
    said = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    # The rate at the start: the setting, where a schedule has lowered it since.
    rates = {name.split("/")[0]: s.values[0] for name, s in every_series.items() if name.endswith("/learning_rate")}
    remedy = {
        f"training.{_SECTIONS.get(player, 'optimiser')}.learning_rate": min(_MOST, float(f"{rate * _GENTLER:.2g}"))
        for player, rate in rates.items()
        if math.isfinite(rate)
    }
    return Finding(
        code="NUM301",
        severity="failure",
        step=step,
        title=f"{said} became {broken[first]} by step {step}.",
        evidence=dict(broken),
        advice=(
            "Lower the learning rate, clip the gradients, or train in fp32. "
            "The last checkpoint before this step, if there is one, still holds finite weights."
        ),
        remedy=remedy or None,
    )
