"""Trials of a contest: each candidate on each split, kept as soon as it is finished, so that a killed contest goes on where it was."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import SaddlepointError
from saddlepoint.experiment.contest.scoring import Score
from saddlepoint.recipe import Recipe
from saddlepoint.records.finished_parts import Keep, fingerprint

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Trial:
    """What one candidate gave on one split.

    Attributes:
        score: of its rows; None if it could not be tried.
        failure: why it could not.
        seconds: that the trial took.
    """

    score: Score | None
    failure: str
    seconds: float


class Trials:
    """Runs trials, or takes over those that an earlier call finished.

    The clock counts the trials of earlier calls too, so that an interrupted contest has the same time budget as another.

    Args:
        keep: where finished trials are kept; None keeps none.
    """

    def __init__(self, keep: Keep | None) -> None:
        self._keep, self._began, self._earlier = keep, time.perf_counter(), 0.0

    @property
    def elapsed(self) -> float:
        """Seconds of the contest so far."""
        return time.perf_counter() - self._began + self._earlier

    def is_kept(self, name: str, split: int) -> bool:
        """Whether an earlier call finished this trial."""
        return self._keep is not None and self._read(self._keep, f"{name}-{split}") is not None

    def run(self, name: str, split: int, score: Callable[[], Score]) -> Trial:
        """The trial of a candidate on a split.

        Args:
            name: of the candidate.
            split: its number.
            score: trains the candidate and scores its rows; an error of this project or of linear algebra is a failure.
        """
        part = f"{name}-{split}"
        kept = None if self._keep is None else self._read(self._keep, part)
        if kept is not None:
            self._earlier += kept.seconds
            return kept
        began = time.perf_counter()
        found, failure = None, ""
        try:
            found = score()
        except (SaddlepointError, np.linalg.LinAlgError) as error:
            failure = str(error).rstrip(".")
        trial = Trial(found, failure, time.perf_counter() - began)
        if self._keep is not None:
            self._write(self._keep, part, trial)
        return trial

    @staticmethod
    def _write(keep: Keep, part: str, trial: Trial) -> None:
        score = trial.score
        f1 = math.nan if score is None or score.macro_f1 is None else score.macro_f1
        # The reason comes first: a trial is finished when its numbers are there.
        keep.write(f"{part}-failure", np.array(trial.failure))
        keep.write(part, np.array([trial.seconds, math.nan if score is None else score.wasserstein, f1]))

    @staticmethod
    def _read(keep: Keep, part: str) -> Trial | None:
        numbers, failure = keep.read(part), keep.read(f"{part}-failure")
        if numbers is None or failure is None:
            return None
        seconds, distance, f1 = numbers.tolist()
        if str(failure):
            return Trial(None, str(failure), seconds)
        return Trial(Score(distance, None if math.isnan(f1) else f1), "", seconds)


def contest_request(frame: pd.DataFrame, schema: Schema, recipes: Sequence[Recipe], seed: int, seconds: float) -> str:
    """The fingerprint of what decides a contest; for arguments see `hold_contest`."""
    import pandas as pd

    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    described = [recipe.model_dump(mode="json", include={"name", "data", "model", "training"}) for recipe in recipes]
    return fingerprint([rows], schema.model_dump(mode="json"), described, seed, seconds)
