"""How close a model's samples are to the data: a level, the measurements behind it, and the worst of them.

Findings describe the process of training; this describes its result, by all measurements of quality together. It is stored
in summary.json and needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from saddlepoint.records.schema import number_to_json

ResultLevel = Literal["far from the data", "partly like the data", "close to the data", "not told apart"]
RESULT_LEVELS: tuple[ResultLevel, ...] = get_args(ResultLevel)  # from the worst to the best
FAR, PARTLY, CLOSE, NOT_TOLD_APART = RESULT_LEVELS
HELD_OUT, TRAINING = "held-out examples", "training examples"  # what samples are compared with


@dataclass(frozen=True)
class Aspect:
    """One measurement of how samples differ from real examples.

    Attributes:
        name: what was measured, in words: "recall", "two-sample test accuracy".
        value: of the samples, in its own units.
        real: the value that as many other real examples reach.
        share: the value on a common scale for all aspects, in [0, 1]: 1 for samples as good as real examples, 0 for samples
            with nothing in common with them.
        worst_case: the value of samples with nothing in common with the data.
        error: standard error of `value` over draws of the samples; None where it is not known.
        p_value: of the hypothesis that samples follow the data's distribution; None where the aspect is no test.
    """

    name: str
    value: float
    real: float
    share: float
    worst_case: float = 0.0
    error: float | None = None
    p_value: float | None = None

    def __str__(self) -> str:
        return f"{self.name} {_in_words(self.value)}, goal {_in_words(self.real)} as for real examples"

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        document: dict[str, Any] = number_to_json(
            {
                "name": self.name,
                "value": self.value,
                "real": self.real,
                "share": self.share,
                "worst_case": self.worst_case,
                "error": self.error,
                "p_value": self.p_value,
            }
        )
        return document

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Aspect:
        """Undo `to_json`.

        Raises:
            KeyError, TypeError, ValueError: the content is no aspect.
        """
        error, p_value = (None if content.get(name) is None else float(content[name]) for name in ("error", "p_value"))
        value, real, share = (float(content[name]) for name in ("value", "real", "share"))
        worst_case = float(content.get("worst_case", 0.0))
        return cls(str(content["name"]), value, real, share, worst_case, error, p_value)


@dataclass(frozen=True)
class Result:
    """How close samples are to the data.

    Attributes:
        level: None where too little could be measured; `reason` then says why.
        score: in [0, 1]; 1 if no aspect tells samples from real examples; NaN without a level.
        samples: how many were compared.
        features: what was compared: "standardised values", "random convolutions".
        aspects: all measurements, the worst first.
        against: "held-out examples", or "training examples" where nothing or too little was held out.
        reason: why there is no level; empty where there is one.
        real: how many real examples the samples were compared with; None where an earlier version did not record it.
    """

    level: ResultLevel | None
    score: float
    samples: int
    features: str
    aspects: tuple[Aspect, ...]
    against: str = HELD_OUT
    reason: str = ""
    real: int | None = None

    @property
    def worst(self) -> Aspect | None:
        """The aspect in which samples differ most from real examples; None where none was measured."""
        return self.aspects[0] if self.aspects else None

    @property
    def size(self) -> str:
        """How many samples and real examples were compared: "1,000 samples and 80 real examples"."""
        real = "" if self.real is None else f" and {self.real:,} real examples"
        return f"{self.samples:,} samples{real}"

    def __str__(self) -> str:
        """The level with its reasons: "close to the data (worst of 8 measurements: recall 0.61, goal 0.91 as for real examples)"."""
        if self.level is None:
            return f"not measured: {self.reason}"
        said: str = self.level
        if self.level == NOT_TOLD_APART:
            said += f" from the data at this sample size, {self.size}"
        if self.worst is not None:
            said += f" (worst of {len(self.aspects)} measurements: {self.worst})"
        if self.against != HELD_OUT:
            said += f", compared with {self.against}: too little is held out"
        return said

    def to_json(self) -> dict[str, Any]:
        """One JSON object, as summary.json holds it under "result"."""
        document: dict[str, Any] = number_to_json(
            {
                "level": self.level,
                "score": self.score,
                "samples": self.samples,
                "features": self.features,
                "against": self.against,
                "reason": self.reason,
                "real": self.real,
            }
        )
        return {**document, "aspects": [aspect.to_json() for aspect in self.aspects]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Result:
        """Undo `to_json`.

        Raises:
            KeyError, TypeError, ValueError: the content is no result.
        """
        level = content["level"]
        if level is not None and level not in RESULT_LEVELS:
            raise ValueError(f"level is {level!r}; expected one of {', '.join(RESULT_LEVELS)}, or null")
        return cls(
            level,
            float(content["score"]),
            int(content["samples"]),
            str(content["features"]),
            tuple(Aspect.from_json(each) for each in content["aspects"]),
            str(content["against"]),
            str(content["reason"]),
            None if content.get("real") is None else int(content["real"]),
        )

    @classmethod
    def not_measured(cls, reason: str) -> Result:
        """A result without a level, because nothing could be compared."""
        return cls(None, math.nan, 0, "", (), reason=reason)


def _in_words(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) and 0.01 <= abs(value) < 1_000 else f"{value:.3g}"
