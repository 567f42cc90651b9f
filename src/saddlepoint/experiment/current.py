"""The few numbers of a run that fit on one line, each of them as new as the line says.

Quality is measured less often than losses are recorded: what was measured at an earlier step carries that step. Standard
errors and other series that say nothing by themselves are left to the curves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.progress import ESSENTIAL, USEFUL
from saddlepoint.records import Record

DISTANCE = "quality/energy_distance"
SHARES = ("quality/precision", "quality/recall")  # relative to those of real examples
HELD_OUT = ("_bound", "_reconstruction", "_likelihood")  # endings of held-out series that models are judged by


class Current:
    """Keeps the newest measurement of quality, whole, and says it in words."""

    def __init__(self) -> None:
        self._step = 0
        self._quality: Mapping[str, float] = {}

    def update(self, record: Record) -> None:
        """Take the record's quality; a measurement replaces the earlier one, so that no part of that stays."""
        measured = {name: value for name, value in record.values.items() if _is_quality(name)}
        if measured:
            self._quality, self._step = measured, record.step

    def parts(self, record: Record) -> list[tuple[int, str]]:
        """(how easily it gives way, words) of quality and losses: "distance 0.0115", "precision 68 %, recall 90 %", "loss d 1.2 g 0.8"."""
        quality = [(ESSENTIAL, _said(name, value)) for name, value in self._quality.items() if name not in SHARES]
        # Together or not at all: samples that are all alike may have a precision of 100 %.
        if shares := [_said(name, self._quality[name]) for name in SHARES if name in self._quality]:
            quality.append((USEFUL, ", ".join(shares)))
        if quality and self._step != record.step:
            quality.append((USEFUL, f"(step {self._step:,})"))
        losses = {name: value for name, value in record.values.items() if name.endswith("/loss")}
        if not losses:
            return quality
        if len(losses) == 1:
            return [*quality, (ESSENTIAL, f"loss {next(iter(losses.values())):.4g}")]
        of_each = " ".join(f"{name.removesuffix('/loss')} {value:.3g}" for name, value in losses.items())
        return [*quality, (ESSENTIAL, f"loss {of_each}")]


def _is_quality(name: str) -> bool:
    return name == DISTANCE or name in SHARES or ("/held_out_" in name and name.endswith(HELD_OUT))


def _said(name: str, value: float) -> str:
    if name == DISTANCE:
        # The estimate has no bias, so that of like samples lies around 0; a distance does not fall below it.
        return f"distance {max(value, 0.0):.3g}" if math.isfinite(value) else f"distance {value}"
    words = name.partition("/")[2].replace("held_out", "held-out").replace("_", " ")
    if name in SHARES:
        # Relative to that of real examples, which chance may leave above 1; more than all of them is not to be had.
        return f"{words} {100 * min(value, 1.0):.0f} %" if math.isfinite(value) else f"{words} {value}"
    return f"{words} {value:.4g}"
