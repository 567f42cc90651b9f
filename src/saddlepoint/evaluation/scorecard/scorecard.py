"""A scorecard: how good a model's samples are, with intervals, real-data baselines, worst cases, and how it was measured.

Free of torch, so that reports, comparisons and the command line read it quickly. In a run folder it is scorecard.json, where
real-data baseline and worst case have their earlier names, "floor" and "ceiling".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from saddlepoint.arguments import check_path
from saddlepoint.errors import RunError
from saddlepoint.evaluation.card_file import check_format, write_card
from saddlepoint.evaluation.scorecard.notebook import scores_table
from saddlepoint.evaluation.scorecard.protocol import ProtocolCard
from saddlepoint.evaluation.scorecard.schema import check_scorecard
from saddlepoint.evaluation.scorecard.score import ClassScores, Estimate, Score, Skipped, describe
from saddlepoint.markup import Markup
from saddlepoint.records import Result, read_json, shell_command
from saddlepoint.records.schema import number_to_json

FORMAT = 1  # of the file; raised when an older reader would misread it
JSON_NAMES = {"baseline": "floor", "worst_case": "ceiling"}  # fields of a score that have another name in the file


@dataclass(frozen=True)
class Scorecard:
    """Everything that an evaluation found.

    Attributes:
        card: how it was measured.
        scores: in the order to read them.
        skipped: what was not measured, and why.
        classes: a row a class; empty without labels.
        warnings: what makes numbers here doubtful, to be read first.
        notes: other sentences.
        result: how close samples of the first seed are to the data, by all measurements together; None in files of earlier
            versions.
    """

    card: ProtocolCard
    scores: tuple[Score, ...]
    skipped: tuple[Skipped, ...] = ()
    classes: tuple[ClassScores, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    result: Result | None = None

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
        head += f"{self.card.n_real:,} {self.card.split} examples, {len(self.card.seeds)} sampling seed"
        head += "" if len(self.card.seeds) == 1 else "s"
        if self.result is not None:
            head += f"\n  Samples are {self.result}"
        width = max((len(score.title) for score in self.scores), default=0)
        lines = [f"  {score.title:<{width}}  {describe(score)}" for score in self.scores]
        lines += [f"  Warning: {warning}" for warning in self.warnings]
        return "\n".join([head, *lines])

    def _repr_html_(self) -> Markup:
        return scores_table(self.card, self.scores, self.warnings, self.result)

    def to_json(self) -> dict[str, Any]:
        """One JSON object; non-finite numbers are the strings "nan", "inf" and "-inf"."""
        content = cast(dict[str, Any], number_to_json(asdict(self)))
        content["scores"] = [{JSON_NAMES.get(name, name): score[name] for name in score} for score in content["scores"]]
        return {"format": FORMAT, **content, "result": None if self.result is None else self.result.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "scorecard") -> Scorecard:
        """Undo `to_json`; `where` names the file in messages.

        Raises:
            RunError: it is not a scorecard, or one of a newer format.
        """
        check_format(value, FORMAT, where)
        check_scorecard(value, where)
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
                result=None if value.get("result") is None else Result.from_json(value["result"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise RunError(f"{where}: it cannot be read ({error!r}).") from None

    def save(self, path: Path) -> Path:
        """Write it as JSON; `path` appears whole or stays as it was."""
        return write_card(self.to_json(), path)

    @classmethod
    def load(cls, path: str | Path) -> Scorecard:
        """Undo `save`.

        Raises:
            RunError: there is no such file, or it is damaged.
        """
        path = check_path("scorecard", "the file", path)
        try:
            return cls.from_json(read_json(path), str(path))
        except RunError as error:
            if path.name != "scorecard.json":  # not one that lies in a run
                raise
            again = shell_command("evaluate", path.parent, "--again")
            raise RunError(f"{error} To write another one: {again}") from None


def _score(entry: Mapping[str, Any]) -> Score:
    values = {name: entry[name] for name in entry if name not in JSON_NAMES.values()}
    for name in ("value", "low", "high"):
        values[name] = _number(values[name], name)
    for name, in_file in JSON_NAMES.items():
        estimate = entry[in_file]
        values[name] = None if estimate is None else Estimate.from_json(estimate)
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
