"""A scorecard is a value: how good a model's samples are, with errors, a floor, a ceiling, and how it was measured.

Free of torch, so that reports, comparisons and the command line read it quickly. In a run it is scorecard.json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from saddlepoint.errors import RunError
from saddlepoint.evaluation.protocol import FeatureCard, ProtocolCard
from saddlepoint.records.folder import replaced
from saddlepoint.records.schema import number_to_json

FORMAT = 1  # of the file; raised when an older reader would misread it

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
        """Where the value lies between the ceiling (0) and the floor (1); may leave [0, 1]. None without
        two finite ends of which the floor is the better one: a metric that is blind to the bad generator has no scale.
        Where neither direction is better (copying below, underfitting above), too far on either side is far from 1."""
        if self.floor is None or self.ceiling is None:
            return None
        numbers = (self.value, self.floor.value, self.ceiling.value)
        if not all(map(math.isfinite, numbers)) or self.floor.value == self.ceiling.value or self.blind:
            return None
        if self.better == "none":
            return 1 - abs(self.value - self.floor.value) / abs(self.ceiling.value - self.floor.value)
        return (self.value - self.ceiling.value) / (self.floor.value - self.ceiling.value)

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


@dataclass(frozen=True)
class Scorecard:
    """All that an evaluation found.

    card: how it was measured. scores: in the order to read them. skipped: what was not measured, and why. classes: a
    row a class, empty without labels. warnings: what makes numbers here doubtful, to be read first. notes: other
    sentences.
    """

    card: ProtocolCard
    scores: tuple[Score, ...]
    skipped: tuple[Skipped, ...] = ()
    classes: tuple[ClassScores, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __getitem__(self, metric: str) -> Score:
        """The first score whose key or title is `metric`.

        Raises:
            KeyError: there is none; the message lists what there is, or says why it was skipped.
        """
        for score in self.scores:
            if metric in (score.metric, score.title):
                return score
        for skipped in self.skipped:
            if metric in (skipped.metric, skipped.title):
                raise KeyError(f"{metric} was not measured: {skipped.reason}")
        raise KeyError(f"no score {metric!r}; there are {', '.join(dict.fromkeys(s.metric for s in self.scores))}")

    def __repr__(self) -> str:
        head = f"Scorecard of {self.card.model} on {self.card.data}: {self.card.n_fake:,} samples against "
        head += f"{self.card.n_real:,} {self.card.split} examples, {len(self.card.seeds)} sampling seeds"
        width = max((len(score.title) for score in self.scores), default=0)
        lines = [f"  {score.title:<{width}}  {spoken(score)}" for score in self.scores]
        lines += [f"  Warning: {warning}" for warning in self.warnings]
        return "\n".join([head, *lines])

    def _repr_html_(self) -> str:
        from saddlepoint.evaluation.markup import markup

        return markup(self)

    def to_json(self) -> dict[str, Any]:
        """One JSON object; non-finite numbers are the strings "nan", "inf" and "-inf"."""
        return {"format": FORMAT, **cast(dict[str, Any], _plain(asdict(self)))}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Scorecard:
        """Undo `to_json`.

        Raises:
            RunError: it is no scorecard, or one of a newer format.
        """
        if value.get("format") != FORMAT:
            raise RunError(
                f"scorecard: format {value.get('format')!r} is not the {FORMAT} that this version reads: evaluate anew."
            )
        try:
            return cls(
                card=ProtocolCard.from_json(value["card"]),
                scores=tuple(_score(entry) for entry in value["scores"]),
                skipped=tuple(Skipped(**entry) for entry in value["skipped"]),
                classes=tuple(
                    ClassScores(**{name: _number(entry[name], name) for name in entry}) for entry in value["classes"]
                ),
                warnings=tuple(value["warnings"]),
                notes=tuple(value["notes"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunError(f"scorecard: it cannot be read ({error!r}): evaluate the run anew.") from None

    def save(self, path: Path) -> Path:
        """Write it as JSON; `path` appears whole or stays as it was."""
        with replaced(path) as file:
            json.dump(self.to_json(), file, indent=1, ensure_ascii=False, allow_nan=False)
            file.write("\n")
        return path

    @classmethod
    def load(cls, path: Path) -> Scorecard:
        """Undo `save`.

        Raises:
            RunError: there is no such file, or it is damaged.
        """
        try:
            value = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: no scorecard can be read from it ({error}): evaluate the run anew.") from None
        if not isinstance(value, dict):
            raise RunError(f"{path}: it holds no scorecard: evaluate the run anew.")
        return cls.from_json(value)


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


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return number_to_json(value)
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _score(entry: Mapping[str, Any]) -> Score:
    values = dict(entry)
    for name in ("value", "low", "high"):
        values[name] = _number(values[name], name)
    for name in ("floor", "ceiling"):
        bounds = values[name]
        values[name] = bounds and Bounds(**{key: _number(bounds[key], key) for key in bounds})
    for name in ("repeats", "resamples"):
        values[name] = _numbers(values[name])
    low, high = values["bounds"]
    values["bounds"] = (_number(low, "low"), _number(high, "high"))
    values["notes"] = tuple(values["notes"])
    return Score(**values)


def _number(value: Any, name: str) -> Any:
    return value if value is None or name == "name" else float(value)


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


__all__ = [
    "FORMAT",
    "Better",
    "Bounds",
    "ClassScores",
    "FeatureCard",
    "Pairing",
    "ProtocolCard",
    "Score",
    "Scorecard",
    "Skipped",
    "spoken",
]
