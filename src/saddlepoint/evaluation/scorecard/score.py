"""One number about samples, with its interval, floor and ceiling, and where it lies between these; free of torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Better = Literal["lower", "higher", "none"]
Pairing = Literal["halves", "groups", "none"]


@dataclass(frozen=True)
class Bounds:
    """A value with its 95 % interval; both ends are None where no interval was computed."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Score:
    """One number about samples.

    metric: its key, for programs ("frechet"); title: what it is called, with its features ("Fréchet distance (digits
        classifier)"); features: the name of those features, empty where the score uses none.
    value: the mean over sampling seeds; low, high: its 95 % interval, None where there is none (`notes` says why).
    better: which direction is good; "none" for a number that is only told.
    unit: "nats", "bits per dimension", "share", or empty. bounds: values it can possibly have, None for no bound.
    floor: what real data score against real data of the same number by the same estimator: the best to hope for.
        ceiling: what a deliberately bad generator scores.
    repeats: the value of each sampling seed.
    resamples: the score over fixed parts of the data, for comparisons of runs that were measured by one protocol.
        `pairing` says of what: "halves" is half its difference between two random halves of both sets, "groups" are
        disjoint parts of the held-out examples, "none" where there are none.
    notes: sentences on how far this number can be trusted. meaning: one sentence on what it says.
    """

    metric: str
    title: str
    value: float
    low: float | None
    high: float | None
    better: Better
    features: str = ""
    unit: str = ""
    bounds: tuple[float | None, float | None] = (None, None)
    floor: Bounds | None = None
    ceiling: Bounds | None = None
    repeats: tuple[float, ...] = ()
    resamples: tuple[float, ...] = ()
    pairing: Pairing = "none"
    notes: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def position(self) -> float | None:
        """Where the value lies between the ceiling (0) and the floor (1); may leave [0, 1], and be infinite where the value
        is. None without two finite ends of which the floor is the better one: a metric that is blind to the bad generator
        has no scale. A value as unbounded as the floor lies at 1. Where neither direction is better (copying below,
        underfitting above), too far on either side is far from 1."""
        if self.floor is not None and math.isinf(self.floor.value) and self.value == self.floor.value:
            return None if self.blind or self.ceiling == self.floor else 1.0
        return self.place(self.value)

    def place(self, value: float) -> float | None:
        """Where another value of this score would lie, such as an end of the interval: its `position`."""
        if self.floor is None or self.ceiling is None or self.blind or math.isnan(value):
            return None
        real, bad = self.floor.value, self.ceiling.value
        if not math.isfinite(real) or not math.isfinite(bad) or real == bad:
            return None
        if self.better == "none":
            return 1 - abs(value - real) / abs(bad - real)
        return (value - bad) / (real - bad)

    @property
    def blind(self) -> bool:
        """Whether a deliberately bad generator does better than real data here."""
        if self.floor is None or self.ceiling is None or self.better == "none":
            return False
        sign = 1 if self.better == "higher" else -1
        return sign * self.ceiling.value > sign * self.floor.value

    @property
    def past_floor(self) -> bool:
        """Whether it is better than real data by more than chance: its interval and the floor's do not meet. There, more
        is not better: samples that are more diverse than real data, or denser, are unlike them."""
        if self.floor is None or self.better == "none":
            return False
        if self.better == "higher":
            ends = (self.value if self.low is None else self.low, self.floor.high, self.floor.value)
        else:
            ends = (self.value if self.high is None else self.high, self.floor.low, self.floor.value)
        worst, bound, plain = ends
        best_real = plain if bound is None else bound
        return worst > best_real if self.better == "higher" else worst < best_real


@dataclass(frozen=True)
class Skipped:
    """A score that does not apply to this model or data, and the sentence that says why."""

    metric: str
    title: str
    reason: str


@dataclass(frozen=True)
class ClassScores:
    """One class of labelled data: its share of real data and of samples, and how well samples of it do.

    share has a 95 % interval (low, high). precision, recall, diversity (of samples; real_diversity of real data) are
    None where there were too few samples of the class.
    """

    name: str
    real_share: float
    share: float
    low: float
    high: float
    precision: float | None = None
    recall: float | None = None
    diversity: float | None = None
    real_diversity: float | None = None


def spoken(score: Score) -> str:
    """'0.042 [0.039, 0.045] lower is better, real data 0.003, bad 1.2'."""
    parts = [f"{score.value:.4g}"]
    if score.low is not None and score.high is not None:
        parts.append(f"[{score.low:.4g}, {score.high:.4g}]")
    if score.unit:
        parts.append(score.unit)
    told = " ".join(parts)
    if score.better != "none":
        told += f", {score.better} is better"
    if score.floor is not None:
        told += f", real data {score.floor.value:.4g}"
    if score.ceiling is not None:
        told += f", bad {score.ceiling.value:.4g}"
    return told
