"""Choose a method by cells that are held out: observed cells are hidden at random, filled in, and compared with the truth.

For prediction the error of the best guess counts. For inference, draws must have the right spread as well: the energy score is
smallest on average for draws from the true conditional distribution, and a best guess does worse than draws.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.energy_score import energy_scores
from saddlepoint.applications.impute.method import Kinds, Mask, Matrix
from saddlepoint.applications.impute.settings import METHODS, Aim, make_method
from saddlepoint.errors import DataError
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import Keep

SHARE, LARGEST_SHARE = 0.1, 0.3  # of the observed cells; the larger where the smaller would be fewer than WANTED
WANTED = 200  # cells
MOST_ROWS, LEAST_SAMPLE, MOST_CELLS = 1_000, 300, 20_000  # of a contest: fewer rows where there are many columns
LEAST_ROWS, LEAST_CELLS = 20, 20  # below, a contest says nothing
DRAWS, CHAINS = 9, 3  # the range of 9 draws holds a further one in 80 % of cases
LIGHTER = {  # options of methods that would take long
    "trees": {"trees": 25, "rounds": 3},
    "leaves": {"rounds": 3},
    "iterative": {"rounds": 5},
    "mixture": {"components": 4, "steps": 20},
}
Z = 1.96  # of a 95 % interval
SMALL = {"prediction": "mean", "inference": "normal"}  # for tables that are too small for a contest


@dataclass(frozen=True)
class Score:
    """What a method reached on the cells that were held out.

    Attributes:
        method: its name.
        error: mean over the cells: of numbers the absolute error, or for inference the energy score, in standard deviations of the
            column; of categories the share of wrong ones, or the energy score.
        half: half the width of the 95 % interval of `error`, over the cells.
        coverage: share of the held-out numbers within the range of the draws, 80 % if these are right; None for a best guess.
        seconds: time of fitting and filling.
    """

    method: str
    error: float
    half: float
    coverage: float | None
    seconds: float


@dataclass(frozen=True)
class Contest:
    """The methods that were tried, the best first.

    Attributes:
        aim: "prediction" or "inference".
        cells: number of cells that were held out.
        scores: by rising error.
        less: share by which the winner's error is less than the second's.
        low, high: 95 % interval of that share, paired by cells.
        failed: why methods could not be tried, by their names.
    """

    aim: str
    cells: int
    scores: tuple[Score, ...]
    less: float
    low: float
    high: float
    failed: dict[str, str]

    @property
    def winner(self) -> str:
        """The method with the least error."""
        return self.scores[0].method

    def __str__(self) -> str:
        first = self.scores[0]
        what = "error" if self.aim == "prediction" else "energy score"
        said = f"{first.method} ({METHODS[first.method].title}) had the least {what} on {self.cells:,} held-out cells: {first.error:.4f}"
        if len(self.scores) == 1:
            return f"{said}."
        sure = "" if self.low > 0 else "; no difference is shown"
        interval = f"95 % interval {100 * self.low:.1f} to {100 * self.high:.1f}"
        return f"{said}, {100 * self.less:.1f} % less than {self.scores[1].method} ({interval}{sure})."

    def to_json(self) -> dict[str, Any]:
        """The contest as JSON values."""
        return {**asdict(self), "scores": [asdict(score) for score in self.scores], "winner": self.winner}


def hold_out_cells(missing: Mask, rng: np.random.Generator, share: float = SHARE) -> Mask:
    """Choose observed cells at random, in each column the same share.

    Args:
        missing: (N, D).
        rng: chooses.
        share: of the observed cells, in (0, 0.5]; a column keeps at least 5 of them.

    Returns:
        (N, D), True where a cell is held out.
    """
    held = np.zeros_like(missing)
    for column in range(missing.shape[1]):
        rows = np.flatnonzero(~missing[:, column])
        count = min(round(share * len(rows)), len(rows) - 5)
        if count > 0:
            held[rng.choice(rows, count, replace=False), column] = True
    return held


def hold_contest(
    matrix: Matrix,
    kinds: Kinds,
    aim: Aim,
    rng: np.random.Generator,
    candidates: Sequence[str] | None = None,
    report: Report | None = None,
    keep: Keep | None = None,
) -> Contest | None:
    """Try methods on held-out cells.

    Args:
        matrix: (N, D) with NaN in missing cells.
        kinds: of its columns.
        aim: for inference, only methods that draw are tried.
        rng: for all random decisions.
        candidates: names of methods; None tries all that `auto` tries.
        report: receives the progress.
        keep: stores what finished methods reached, and gives it back.

    Returns:
        The contest; None if the table is too small for one.

    Raises:
        DataError: no method could be tried.
    """
    names = list(candidates or (name for name, entry in METHODS.items() if entry.contest))
    names = [name for name in names if METHODS[name].draws or aim == "prediction"]
    most = min(MOST_ROWS, max(LEAST_SAMPLE, MOST_CELLS // max(matrix.shape[1], 1)))
    if len(matrix) > most:
        matrix = matrix[rng.choice(len(matrix), most, replace=False)]
        # A sample of the rows may lack a column altogether.
        kept = ~np.isnan(matrix).all(0)
        matrix, kinds = matrix[:, kept], tuple(np.asarray(kinds)[kept].tolist())
    if len(matrix) < LEAST_ROWS:
        return None
    observed = int((~np.isnan(matrix)).sum())
    held = hold_out_cells(np.isnan(matrix), rng, min(LARGEST_SHARE, max(SHARE, WANTED / max(observed, 1))))
    if held.sum() < LEAST_CELLS:
        return None
    seed = int(rng.integers(2**62))
    losses: dict[str, npt.NDArray[np.float64]] = {}
    scores: list[Score] = []
    failed: dict[str, str] = {}
    for number, name in enumerate(names):
        tried = None if keep is None else keep.read(f"contest-{name}")
        if tried is None:
            say = None if report is None else _part(report, name, number, len(names))
            began = time.perf_counter()
            try:
                loss, coverage = _try(name, matrix, kinds, held, aim, np.random.default_rng(seed), say)
            except (DataError, np.linalg.LinAlgError) as error:
                failed[name] = str(error)
                continue
            tried = np.array([time.perf_counter() - began, np.nan if coverage is None else coverage, *loss])
            if keep is not None:
                keep.write(f"contest-{name}", tried)
        seconds, inside, losses[name] = float(tried[0]), float(tried[1]), tried[2:]
        half = Z * float(losses[name].std(ddof=1)) / np.sqrt(len(losses[name]))
        scores.append(Score(name, float(losses[name].mean()), half, None if np.isnan(inside) else inside, seconds))
    if not scores:
        raise DataError(f"impute: no method could be tried: {'; '.join(f'{k}: {v}' for k, v in failed.items())}")
    scores.sort(key=lambda score: score.error)
    less = low = high = 0.0
    if len(scores) > 1 and scores[1].error > 0:
        paired = losses[scores[1].method] - losses[scores[0].method]
        half = Z * float(paired.std(ddof=1)) / np.sqrt(len(paired))
        less, low, high = (float(paired.mean() + side * half) / scores[1].error for side in (0, -1, 1))
    return Contest(aim, int(held.sum()), tuple(scores), less, low, high, failed)


def _part(report: Report, name: str, number: int, of: int) -> Report:
    """The progress of one method as a part of the contest's."""

    def say(what: str, done: float) -> None:
        report(f"trying {name} on held-out cells{what and ': '}{what}", (number + done) / of)

    say("", 0.0)
    return say


def _try(
    name: str,
    matrix: Matrix,
    kinds: Kinds,
    held: Mask,
    aim: Aim,
    rng: np.random.Generator,
    report: Report | None = None,
) -> tuple[npt.NDArray[np.float64], float | None]:
    """Return the loss of each held-out cell, and the share of numbers within the range of the draws."""
    hidden = np.where(held, np.nan, matrix)
    method = make_method(name, CHAINS if aim == "inference" else 1, LIGHTER.get(name))
    method.fit(hidden, kinds, rng, np.zeros(len(kinds), dtype=bool), report)
    filled = method.guess(hidden, rng)[None] if aim == "prediction" else method.complete(hidden, rng, DRAWS)
    is_number = np.broadcast_to(np.asarray(kinds) == 0, held.shape)[held]
    scale = np.broadcast_to(np.nanstd(matrix, 0), held.shape)[held]
    drawn, truth = filled[:, held], matrix[held]
    loss = energy_scores(drawn, truth, cell_distances(is_number)) / np.where(is_number & (scale > 0), scale, 1.0)
    if aim == "prediction" or not is_number.any():
        return loss, None
    low, high = drawn[:, is_number].min(0), drawn[:, is_number].max(0)
    return loss, float(((low <= truth[is_number]) & (truth[is_number] <= high)).mean())


def cell_distances(is_number: Mask) -> Callable[[Matrix, Matrix], Matrix]:
    """The distance of two values of each cell: |x - y| of numbers, and 1 of different categories.

    Args:
        is_number: (C,) whether the cells hold numbers.
    """

    def distance(x: Matrix, y: Matrix) -> Matrix:
        apart = np.abs(x - y)
        return np.where(is_number, apart, apart > 0)

    return distance
