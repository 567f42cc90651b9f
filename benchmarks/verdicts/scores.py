"""How often truth and verdict agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from failures.accuracy import Rate
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.records.result import NOT_TOLD_APART, RESULT_LEVELS
from verdicts.answers import Answer

RESAMPLES = 1_000


@dataclass(frozen=True)
class Agreement:
    """Rates over a set of answers.

    Attributes:
        right: "close" or better that the truth confirms, of all that are called so.
        found: Truly close sets that are called "close" or better, of all truly close ones.
        real: Sets of fresh real examples that are called "not told apart", of all of them.
    """

    right: Rate
    found: Rate
    real: Rate

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> Agreement:
        called = [a for a in answers if a.is_called_close]
        close = [a for a in answers if a.is_close]
        real = [a for a in answers if a.case.kind == "real"]
        return cls(
            Rate(sum(a.is_close for a in called), len(called)),
            Rate(sum(a.is_called_close for a in close), len(close)),
            Rate(sum(a.result.level == NOT_TOLD_APART for a in real), len(real)),
        )


def rank_correlation(answers: Sequence[Answer], *, seed: int = 0) -> Interval:
    """Spearman's correlation of the scores of truth and verdict, with a 95 % bootstrap interval over sample sets."""
    pairs = np.array([(a.score, a.result.score) for a in answers])
    rng = np.random.default_rng(seed)
    draws = (pairs[rng.integers(len(pairs), size=len(pairs))] for _ in range(RESAMPLES))
    values = [_spearman(drawn) for drawn in draws if np.ptp(drawn, axis=0).all()]
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(_spearman(pairs), float(low), float(high))


def _spearman(pairs: np.ndarray) -> float:
    return float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic)


def confusion(answers: Sequence[Answer]) -> dict[str, tuple[int, int, float]]:
    """By level: sets that the truth calls close, sets that it does not, and the median of the truth's score."""
    rows = {}
    for level in RESULT_LEVELS:
        own = [a for a in answers if a.result.level == level]
        close = sum(a.is_close for a in own)
        rows[level] = (close, len(own) - close, float(np.median([a.score for a in own])) if own else float("nan"))
    return rows


def wrong(answers: Sequence[Answer]) -> tuple[list[Answer], list[Answer]]:
    """Sets called close that are not, the worst first; and close sets that are not called so, the best first."""
    praised = [a for a in answers if a.is_called_close and not a.is_close]
    missed = [a for a in answers if a.is_close and not a.is_called_close]
    return sorted(praised, key=lambda a: a.score), sorted(missed, key=lambda a: -a.score)
