"""A claim of a publication and its result: what must be trained to test it, what was measured, and the verdict.

Claims are tested in two parts. `setups` lists what must be trained, so that the amount of work is known beforehand and
setups that several claims share are trained once. `measure` turns the outcomes into numbers with intervals, pictures,
and a verdict by the rule stated in `rule`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from saddlepoint.evaluation.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from saddlepoint.studies.claims.trial import Trial

Verdict = Literal["holds", "holds in part", "does not hold", "not decided"]
VERDICTS: tuple[Verdict, ...] = ("holds", "holds in part", "does not hold", "not decided")


@dataclass(frozen=True)
class Quantity:
    """One measured number.

    Attributes:
        name: what was measured.
        interval: the number with its 95 % interval. The number is infinite if a median was not reached, and NaN if
            there is nothing to measure; the ends are NaN if there is only one value.
        unit: unit of the number; empty for ratios and shares.
        claimed: what the source claims, if anything.
        without: text that replaces a missing number.
    """

    name: str
    interval: Interval
    unit: str = ""
    claimed: str = ""
    without: str = "none to measure"

    def to_json(self) -> dict[str, Any]:
        """The quantity as JSON values; None for NaN."""
        own = self.interval
        numbers = {"value": own.value, "low": own.low, "high": own.high}
        found: dict[str, Any] = {name: None if math.isnan(number) else number for name, number in numbers.items()}
        found = {"name": self.name, **found, "level": own.level, "unit": self.unit, "claimed": self.claimed}
        return found | ({"without": self.without} if math.isnan(own.value) else {})


@dataclass(frozen=True)
class Picture:
    """A picture of a result.

    Attributes:
        name: name of its file, without the suffix.
        caption: explains how to read it.
        figure: the figure, or an image with exact pixels.
        interactive: the same as a Plotly figure, `{"data": [...], "layout": {...}}`, which the page shows in its place; None
            for a still picture.
    """

    name: str
    caption: str
    figure: Figure | Image
    interactive: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Measured:
    """The result of a claim.

    Attributes:
        verdict: the verdict.
        because: the reason for the verdict, with numbers, in one or two sentences.
        quantities: the measured numbers.
        pictures: the pictures.
    """

    verdict: Verdict
    because: str
    quantities: tuple[Quantity, ...]
    pictures: tuple[Picture, ...] = field(default=())


@dataclass(frozen=True)
class Claim:
    """A claim that can be tested.

    Attributes:
        id: its number in this project's list, such as "C8".
        words: the claim, paraphrased.
        source: who makes it, and where.
        rule: how the verdict is decided.
        setups: takes `quick` and returns what must be trained, by name. Quick setups only show that everything runs.
        measure: takes the outcomes by the same names, and `quick`, and returns the result. An outcome is what
            `Trial.train` returns.
    """

    id: str
    words: str
    source: str
    rule: str
    setups: Callable[[bool], Mapping[str, Trial]]
    measure: Callable[[Mapping[str, Any], bool], Measured]


def verdict(holds: bool, in_part: bool, decided: bool = True) -> Verdict:
    """The best verdict whose condition is true.

    Args:
        holds: condition of "holds".
        in_part: condition of "holds in part".
        decided: whether the runs could have shown the opposite. If not, "does not hold" would claim more than was
            measured, and the verdict is "not decided".
    """
    if holds or in_part:
        return "holds" if holds else "holds in part"
    return "does not hold" if decided else "not decided"
