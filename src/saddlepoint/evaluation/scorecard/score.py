"""One number about samples, with its interval, real-data baseline and worst case, and its place between these.

Free of torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["lower", "higher", "none"]
Pairing = Literal["halves", "groups", "none"]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; both ends are None where no interval was computed."""

    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Estimate:
        """The estimate of its fields in JSON, where non-finite numbers are texts."""
        low, high = (None if entry.get(name) is None else float(entry[name]) for name in ("low", "high"))
        return cls(float(entry["value"]), low, high)


@dataclass(frozen=True)
class Score:
    """One number about samples.

    Attributes:
        metric: its key, for programs ("frechet").
        title: its name, with its features ("Fréchet distance (digits classifier)").
        value: the mean over sampling seeds.
        low, high: the 95 % interval of `value`; None where there is none (`notes` says why).
        better: which direction is good; "none" for a number that is only reported.
        features: the name of the features; empty where the score uses none.
        unit: "nats", "bits per dimension", "share", or empty.
        bounds: the range of possible values; None for an end without bound.
        baseline: what real data score against as many other real data by the same estimator: the best to expect.
        worst_case: what a deliberately bad generator scores.
        repeats: the value of each sampling seed.
        resamples: the score on fixed parts of the data, to compare runs that were measured by one protocol.
        pairing: what these parts are. "halves": half the differences between two random halves of both sets; "groups":
            values on disjoint parts of the held-out examples; "none" where there are none.
        notes: sentences on how far this number can be trusted.
        meaning: one sentence on what it says.
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
    baseline: Estimate | None = None
    worst_case: Estimate | None = None
    repeats: tuple[float, ...] = ()
    resamples: tuple[float, ...] = ()
    pairing: Pairing = "none"
    notes: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def position(self) -> float | None:
        """The place of the value between the worst case (0) and the real-data baseline (1).

        It may leave [0, 1], and is infinite where the value is. A value as unbounded as the baseline is at 1. Where neither
        direction is better (copying below, underfitting above), a value too far on either side is far from 1.

        Returns:
            None without two finite ends of which the baseline is the better one: a metric that is blind to the bad
            generator has no scale.
        """
        if self.baseline is not None and math.isinf(self.baseline.value) and self.value == self.baseline.value:
            return None if self.blind or self.worst_case == self.baseline else 1.0
        return self.place(self.value)

    def place(self, value: float) -> float | None:
        """The `position` of another value of this score, such as an end of the interval."""
        if self.baseline is None or self.worst_case is None or self.blind or math.isnan(value):
            return None
        real, bad = self.baseline.value, self.worst_case.value
        if not math.isfinite(real) or not math.isfinite(bad) or real == bad:
            return None
        if self.better == "none":
            return 1 - abs(value - real) / abs(bad - real)
        return (value - bad) / (real - bad)

    @property
    def blind(self) -> bool:
        """Whether a deliberately bad generator scores better than real data."""
        if self.baseline is None or self.worst_case is None or self.better == "none":
            return False
        sign = 1 if self.better == "higher" else -1
        return sign * self.worst_case.value > sign * self.baseline.value

    @property
    def better_than_real(self) -> bool:
        """Whether it is better than real data by more than chance: its interval and the baseline's do not overlap.

        Such a score is not an advantage: samples that are more diverse or denser than real data are unlike them.
        """
        if self.baseline is None or self.better == "none":
            return False
        if self.better == "higher":
            ends = (self.value if self.low is None else self.low, self.baseline.high, self.baseline.value)
        else:
            ends = (self.value if self.high is None else self.high, self.baseline.low, self.baseline.value)
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
    """One class of labelled data: its share of real data and of samples, and how good its samples are.

    Attributes:
        name: of the class.
        real_share: of real examples.
        share: of samples.
        low, high: the 95 % interval of `share`.
        precision, recall: of the samples of the class; None where there are too few.
        diversity, real_diversity: of the samples and of the real examples of the class; None where there are too few.
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


def describe(score: Score) -> str:
    """'0.042 [0.039, 0.045] lower is better, real data 0.003, bad 1.2'."""
    parts = [f"{score.value:.4g}"]
    if score.low is not None and score.high is not None:
        parts.append(f"[{score.low:.4g}, {score.high:.4g}]")
    if score.unit:
        parts.append(score.unit)
    text = " ".join(parts)
    if score.better != "none":
        text += f", {score.better} is better"
    if score.baseline is not None:
        text += f", real data {score.baseline.value:.4g}"
    if score.worst_case is not None:
        text += f", bad {score.worst_case.value:.4g}"
    return text
