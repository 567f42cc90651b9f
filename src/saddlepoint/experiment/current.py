"""The current losses and quality of a run in one line.

Quality is measured less often than losses are recorded, so a measurement of an earlier step is shown with its step. Standard
errors and other series that are hard to read on their own are only shown as curves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.progress import ESSENTIAL, USEFUL
from saddlepoint.records import Record

DISTANCE = "quality/energy_distance"
SHARES = ("quality/precision", "quality/recall")  # relative to those of real examples
HELD_OUT = ("_bound", "_reconstruction", "_likelihood")  # endings of held-out series by which models are selected


class Current:
    """Stores the newest measurement of quality, and describes it in words."""

    def __init__(self) -> None:
        """Start without a measurement."""
        self._step = 0
        self._quality: Mapping[str, float] = {}

    def update(self, record: Record) -> None:
        """Store the quality of a record, if it has any; the earlier measurement is replaced completely."""
        measured = {name: value for name, value in record.values.items() if _is_quality(name)}
        if measured:
            self._quality, self._step = measured, record.step

    def parts(self, record: Record) -> list[tuple[int, str]]:
        """Describe quality and losses.

        Args:
            record: the newest record.

        Returns:
            (importance, words): "distance 0.0115", "precision 68 %, recall 90 %", "loss d 1.2 g 0.8".
        """
        quality = [(ESSENTIAL, _describe(name, value)) for name, value in self._quality.items() if name not in SHARES]
        # Both or neither: samples that are all equal may have a precision of 100 %.
        if shares := [_describe(name, self._quality[name]) for name in SHARES if name in self._quality]:
            quality.append((USEFUL, ", ".join(shares)))
        if quality and self._step != record.step:
            quality.append((USEFUL, f"(step {self._step:,})"))
        losses = {name: value for name, value in record.values.items() if name.endswith("/loss")}
        if not losses:
            return quality
        if len(losses) == 1:
            return [*quality, (ESSENTIAL, f"loss {next(iter(losses.values())):.4g}")]
        each = " ".join(f"{name.removesuffix('/loss')} {value:.3g}" for name, value in losses.items())
        return [*quality, (ESSENTIAL, f"loss {each}")]


def _is_quality(name: str) -> bool:
    return name == DISTANCE or name in SHARES or ("/held_out_" in name and name.endswith(HELD_OUT))


def _describe(name: str, value: float) -> str:
    if name == DISTANCE:
        # The estimate is unbiased, so it may be negative for equal distributions; a distance may not.
        return f"distance {max(value, 0.0):.3g}" if math.isfinite(value) else f"distance {value}"
    words = name.partition("/")[2].replace("held_out", "held-out").replace("_", " ")
    if name in SHARES:
        # Relative to that of real examples, which chance may raise above 1; a share may not exceed 100 %.
        return f"{words} {100 * min(value, 1.0):.0f} %" if math.isfinite(value) else f"{words} {value}"
    return f"{words} {value:.4g}"
