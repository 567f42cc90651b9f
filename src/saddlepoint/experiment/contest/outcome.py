"""What a contest found: the candidates with their scores, the winner, and by how much it won."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.records import replaced
from saddlepoint.records.schema import number_to_json


@dataclass(frozen=True)
class Entry:
    """What a candidate reached, as means over the splits that it took part in.

    Attributes:
        recipe: its name.
        loss: how much worse its rows are than real ones, as `Score.loss` has it.
        wasserstein, macro_f1: of its rows; macro F1 is None without a target.
        splits: that it took part in; a candidate that was far behind left early.
        seconds: of training and drawing rows, a split.
    """

    recipe: str
    loss: float
    wasserstein: float
    macro_f1: float | None
    splits: int
    seconds: float


@dataclass(frozen=True)
class Contest:
    """A contest between recipes on splits of the training rows.

    Attributes:
        winner: the recipe that is taken.
        best: the recipe with the least loss.
        rival: the recipe that the best one is compared with: the one that is taken instead of it, else the second; None if there was
            one candidate.
        behind: by how much the rival's loss is larger than that of the best, with a 95 % interval; None with fewer than two splits.
        entries: by rising loss, those with all splits first.
        splits: number of splits.
        rows: that were split.
        real: the score of real rows, to which losses are relative.
        failed: why candidates could not be tried, by their names.
        seconds: that the contest took.
        budget: seconds that it was allowed to take.
    """

    winner: str
    best: str
    rival: str | None
    behind: Interval | None
    entries: tuple[Entry, ...]
    splits: int
    rows: int
    real: dict[str, float | None]
    failed: dict[str, str]
    seconds: float
    budget: float

    def __str__(self) -> str:
        if not self.entries:
            return f"{self.winner} is taken: {self.rows:,} rows are too few for a contest between recipes."
        least = next(entry for entry in self.entries if entry.recipe == self.best)
        began = f"{self.best} came closest to real rows on {self.splits} held-out part{'s' * (self.splits > 1)}: loss {least.loss:.1%}"
        if self.rival is None:
            return f"{began}, without a rival."
        if self.behind is None:
            return f"{began}; one split shows no difference, so that {self.winner}, the simplest, is taken."
        # Losses are shares, so that their difference is in percentage points.
        points = [f"{100 * end:.1f}" for end in (self.behind.value, self.behind.low, self.behind.high)]
        less = f"{points[0]} percentage points less than {self.rival} (95 % interval {points[1]} to {points[2]})"
        if self.winner == self.best:
            shown = "" if self.behind.low > 0 else "; no difference is shown, and it is the simpler one"
            return f"{began}, {less}{shown}."
        return f"{began}, {less}; no difference is shown, so that {self.winner}, the simpler one, is taken."

    def write(self, path: Path) -> None:
        """Write the contest as JSON."""
        with replaced(path) as file:
            json.dump(number_to_json(self.to_json()), file, indent=2, allow_nan=False)

    def to_json(self) -> dict[str, Any]:
        """The contest as JSON values."""
        return {**asdict(self), "sentence": str(self)}
