"""A number of the log became NaN or infinite (NUM301)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.stretches import blocks
from saddlepoint.diagnosis.logs.meanings import MEANINGS
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

GREW = 2.0  # times its early level, before it or another number broke
BEFORE = 6  # values from which growth can be seen


@rule("NUM301", traits={"log"})
def number_breaks(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """A loss is NaN or infinite at the end of the log; the finding says since when, and what had grown before.

    A single such row in a log that goes on may be a step that mixed precision skipped: Mixed Precision Training (Paulius Micikevicius
    et al., 2018), section 3.2, https://arxiv.org/abs/1710.03740
    """
    broken = {name: start for name, series in every_series.items() if (start := _breaks(series.values)) is not None}
    if not broken:
        return None
    steps = {name: every_series[name].steps[start] for name, start in broken.items()}
    first = min(steps, key=lambda name: (steps[name], name))
    grew = [
        (name, early, late)
        for name, series in every_series.items()
        if (grown := _growth([v for v, s in zip(series.values, series.steps, strict=True) if s < steps[first]]))
        is not None
        for early, late in [grown]
    ]
    words = f" Before that, {_shown(grew[0][0])} grew from {grew[0][1]:,.4g} to {grew[0][2]:,.4g}." if grew else ""
    value = every_series[first].values[broken[first]]
    return Finding(
        "NUM301",
        "failure",
        steps[first],
        f"{_capital(_shown(first))} is {'NaN' if math.isnan(value) else 'infinite'} from step {steps[first]:,} on.{words}",
        {"first": first, "since": {name: steps[name] for name in sorted(steps)}, "grew": [name for name, *_ in grew]},
    )


@rule("NUM301", traits={"log"})
def number_is_never_finite(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """A loss is NaN or infinite in every row: it was computed wrongly, or from such data, before anything was learnt.

    Deep Learning (Ian Goodfellow, Yoshua Bengio, Aaron Courville, 2016), section 4.1, on overflow and underflow,
    https://www.deeplearningbook.org
    """
    never = [name for name, series in every_series.items() if _breaks(series.values) == 0]
    if not never:
        return None
    step = min(every_series[name].steps[0] for name in never)
    return Finding(
        "NUM301",
        "failure",
        step,
        f"{_capital(_shown(never[0]))} is never a finite number: it was broken before anything was learnt.",
        {"first": never[0], "series": never},
    )


def _breaks(values: list[float]) -> int | None:
    """Return where a series stops being finite for good; None if its last value is finite."""
    last = next((i for i in range(len(values) - 1, -1, -1) if math.isfinite(values[i])), -1)
    return last + 1 if 0 <= last < len(values) - 1 or (values and last == -1) else None


def _growth(values: list[float]) -> tuple[float, float] | None:
    """Return the first and the last level of a series that has grown in size; None if it has not."""
    sizes = [abs(value) for value in values if math.isfinite(value)]
    if len(sizes) < BEFORE:
        return None
    levels = blocks(sizes, 6)
    early, late = levels[0], levels[-1]
    return (early, late) if early > 0 and late > GREW * early else None


def _shown(name: str) -> str:
    return MEANINGS.get(name) or f'the column "{name.removeprefix("column/")}"'


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
