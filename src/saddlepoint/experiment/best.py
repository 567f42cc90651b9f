"""Which step was best, said with the noise of the measurement: the lowest of many noisy numbers is partly luck."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from saddlepoint.diagnosis.series import Series
from saddlepoint.evaluation import quality

ERRORS = 2.0  # standard errors of a difference within which two measurements are alike


def with_noise(best: Mapping[str, Any] | None, series: Mapping[str, Series]) -> dict[str, Any] | None:
    """The best step ({"step", "series", "value"}) with "error", its standard error, and "alike", the other measured steps,
    oldest first, that lie no further from it than their noise.

    For the energy distance alone, whose error is that of the samples, new at every step. Bounds and reconstruction errors
    are those of the same held-out examples at every step: what these scatter by says nothing of their differences.
    """
    if best is None or best["series"] != quality.SERIES:
        return None if best is None else dict(best)
    values, errors = series.get(quality.SERIES), series.get(quality.ERROR)
    if values is None or errors is None or not math.isfinite(own := errors.at(best["step"])):
        return dict(best)
    alike = [
        step
        for step, value in zip(values.steps, values.values, strict=True)
        if step not in (0, best["step"]) and abs(value - best["value"]) <= ERRORS * math.hypot(own, errors.at(step))
    ]
    return {**best, "error": own, "alike": alike}


def in_words(best: Mapping[str, Any], last: int) -> str:
    """What a person should know of it, where training ended at step `last`."""
    told = f"step {best['step']:,}"
    number = f"{best['series']} {best['value']:.4g}"
    if "error" in best:
        number += f" ± {best['error']:.2g}"
    if best["step"] == last:
        return f"the last step, {last:,}: {number}"
    if last in best.get("alike", ()):
        return f"the last step is as good as any, as far as can be told; {told} came out first: {number}"
    return f"{told}, not the last: {number}"
