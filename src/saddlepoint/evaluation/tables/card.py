"""The scores of generated rows beside those of real rows and of simple generators, and their file.

Free of torch and pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from saddlepoint.arguments import check_path
from saddlepoint.errors import RunError
from saddlepoint.evaluation.card_file import check_format, write_card
from saddlepoint.evaluation.scorecard.score import Better, Estimate, Skipped
from saddlepoint.records import read_json
from saddlepoint.records.schema import number_to_json

FORMAT = 1  # of the file; raised when an older reader would misread it
BASELINES = {
    "real": "real rows",
    "duplicated": "training rows again",
    "smote": "SMOTE",
    "copula": "Gaussian copula",
}
"""Baselines by name: each score is also measured of other real rows, of training rows drawn again, and of rows of simple generators."""


@dataclass(frozen=True)
class TableScore:
    """One score of generated rows, and the same score of the baselines.

    Attributes:
        metric: its key, for programs ("wasserstein").
        title: its name.
        value: of the generated rows, with its 95 % interval.
        better: which direction is better; "none" where a number is best that lies between, `ideal`.
        meaning: one sentence on what it says.
        ideal: the value of a perfect generator where it is known.
        baselines: the same score by the names of `BASELINES`.
        parts: columns or pairs of columns with a score of their own, the worst first.
    """

    metric: str
    title: str
    value: Estimate
    better: Better
    meaning: str = ""
    ideal: float | None = None
    baselines: Mapping[str, Estimate] = field(default_factory=dict)
    parts: tuple[tuple[str, float], ...] = ()

    @property
    def differs_from_real(self) -> bool:
        """Whether the interval and that of real rows have no number in common."""
        real = self.baselines.get("real")
        if real is None:
            return False
        ends = [end for end in (self.value.low, self.value.high, real.low, real.high) if end is not None]
        return len(ends) == 4 and (ends[1] < ends[2] or ends[3] < ends[0])


@dataclass(frozen=True)
class TableCard:
    """Everything that an evaluation of generated rows found.

    Attributes:
        generated: name of the generated rows, such as a file or a run.
        real: name of the real rows.
        headline: in at most twelve words.
        answer: in plain sentences.
        scores: in the order to read them.
        skipped: what was not measured, and why.
        notes: sentences on how far these numbers can be trusted.
        rows: how many rows there were of each set: "generated", "training", "held out".
        target: column that was predicted, or None.
        seed: of the choices of rows and of classifiers.
        asked: what identifies a measurement that is stored, for a run.
    """

    generated: str
    real: str
    headline: str
    answer: str
    scores: tuple[TableScore, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    target: str | None = None
    seed: int = 0
    asked: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, metric: str) -> TableScore:
        """The score of that key; raises KeyError, which says why, where it was not measured."""
        for score in self.scores:
            if metric == score.metric:
                return score
        for skipped in self.skipped:
            if metric == skipped.metric:
                raise KeyError(f"{metric} was not measured: {skipped.reason}")
        raise KeyError(f"no score {metric!r}; there are {', '.join(score.metric for score in self.scores)}")

    def to_json(self) -> dict[str, Any]:
        """One JSON object; non-finite numbers are the strings "nan", "inf" and "-inf"."""
        content = cast(dict[str, Any], number_to_json(asdict(self)))
        for score, entry in zip(self.scores, content["scores"], strict=True):
            entry["differs_from_real"] = score.differs_from_real
        return {"format": FORMAT, **content}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "table card") -> TableCard:
        """Undo `to_json`.

        Args:
            value: the JSON object.
            where: name of the file, for messages.

        Raises:
            RunError: it is no card, or one of a newer format.
        """
        check_format(value, FORMAT, where)
        content = {name: entry for name, entry in value.items() if name != "format"}
        try:
            content["scores"] = tuple(_score(entry) for entry in content["scores"])
            content["skipped"] = tuple(Skipped(**entry) for entry in content["skipped"])
            content["notes"] = tuple(map(str, content["notes"]))
            return cls(**content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunError(f"{where}: it cannot be read ({error!r}); evaluate again.") from None

    def save(self, path: Path) -> Path:
        """Write it as JSON; `path` appears whole or stays as it was."""
        return write_card(self.to_json(), path)

    @classmethod
    def load(cls, path: str | Path) -> TableCard:
        """Undo `save`; raises RunError where there is no such file, or it is damaged."""
        path = check_path("table card", "the file", path)
        return cls.from_json(read_json(path), str(path))


def _score(entry: Mapping[str, Any]) -> TableScore:
    content = {name: value for name, value in entry.items() if name != "differs_from_real"}
    content["value"] = Estimate.from_json(content["value"])
    content["baselines"] = {name: Estimate.from_json(some) for name, some in content["baselines"].items()}
    content["parts"] = tuple((str(name), float(value)) for name, value in content["parts"])
    content["ideal"] = None if content["ideal"] is None else float(content["ideal"])
    return TableScore(**content)
