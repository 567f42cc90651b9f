"""A claim of a source, and what became of it: what must be trained to test it, what was measured, and the verdict.

Claims are tested in two parts. `setups` names what is to be trained, so that a program knows beforehand how much that is and
trains what several claims share once. `measure` turns the outcomes into numbers with intervals, pictures and a verdict, by a
rule that `rule` states.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from saddlepoint.evaluation.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from saddlepoint.studies.claims.laboratory import Trial

Verdict = Literal["holds", "holds in part", "does not hold", "not decided"]
VERDICTS: tuple[Verdict, ...] = ("holds", "holds in part", "does not hold", "not decided")


@dataclass(frozen=True)
class Quantity:
    """One measured number. interval: with its 95 % interval; infinite where a median was not reached, NaN where there is
    nothing to measure, and NaN at its ends where there is one value alone. claimed: what the source says of it, if anything.
    unit: of the numbers; empty for ratios and shares. without: what is said where there is no number."""

    name: str
    interval: Interval
    unit: str = ""
    claimed: str = ""
    without: str = "none to measure"

    def to_json(self) -> dict[str, Any]:
        """All of it as values that JSON can hold; None for NaN."""
        own = self.interval
        numbers = {"value": own.value, "low": own.low, "high": own.high}
        found: dict[str, Any] = {name: None if math.isnan(number) else number for name, number in numbers.items()}
        found = {"name": self.name, **found, "level": own.level, "unit": self.unit, "claimed": self.claimed}
        return found | ({"without": self.without} if math.isnan(own.value) else {})


@dataclass(frozen=True)
class Picture:
    """name: of its file, without ending. caption: what it shows and how to read it."""

    name: str
    caption: str
    figure: Figure


@dataclass(frozen=True)
class Measured:
    """What a claim came to. because: the verdict's reason in numbers, in one or two sentences."""

    verdict: Verdict
    because: str
    quantities: tuple[Quantity, ...]
    pictures: tuple[Picture, ...] = field(default=())


@dataclass(frozen=True)
class Claim:
    """id: its number in our list. words: the claim in our own. source: who says it, where. rule: what decides the verdict.

    setups: by name, what must be trained; quick: for a look at whether everything runs.
    measure: (outcomes by those names, quick) -> Measured; an outcome is what its setup's `train` returns.
    """

    id: str
    words: str
    source: str
    rule: str
    setups: Callable[[bool], Mapping[str, Trial]]
    measure: Callable[[Mapping[str, Any], bool], Measured]


def verdict(holds: bool, in_part: bool, decided: bool = True) -> Verdict:
    """The better of the two that is true. decided: the runs could have shown the opposite; otherwise "does not hold" would say
    more than was measured."""
    if holds or in_part:
        return "holds" if holds else "holds in part"
    return "does not hold" if decided else "not decided"
