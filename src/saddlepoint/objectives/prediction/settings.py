"""The losses of next-frame prediction by name (torch-free): one line for each loss, and one for each term.

The adversarial and the gradient difference loss are added to the squared error, as in the paper: by themselves they leave open where a frame is
bright.

References:
    Deep multi-scale video prediction beyond mean square error (Michael Mathieu, Camille Couprie, Yann LeCun, 2016),
        https://arxiv.org/abs/1511.05440
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_HERE = "saddlepoint.objectives.prediction"


@dataclass(frozen=True)
class LossEntry:
    """One loss.

    Attributes:
        title: in words.
        terms: names in `TERMS`.
    """

    title: str
    terms: tuple[str, ...]


TERMS: Mapping[str, str] = {
    "squared": f"{_HERE}.squared:squared_error",
    "gradient_difference": f"{_HERE}.gradient_difference:gradient_difference",
    "adversarial": f"{_HERE}.adversarial:rejection",
}
LOSSES: Mapping[str, LossEntry] = {
    "squared": LossEntry("squared error", ("squared",)),
    "adversarial": LossEntry("squared error and an adversarial loss", ("squared", "adversarial")),
    "gradient-difference": LossEntry("squared error and gradient difference", ("squared", "gradient_difference")),
    "both": LossEntry(
        "squared error, gradient difference and an adversarial loss", ("squared", "gradient_difference", "adversarial")
    ),
}
