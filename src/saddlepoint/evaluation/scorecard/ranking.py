"""Runs side by side: which differences between their scores are significant, and which may be chance.

Scores that were measured by one protocol on the same real examples share what is random about these. Therefore differences
are paired, over the same random halves of real examples or the same groups of held-out ones, where the scorecards hold such
values. Where they do not, the errors of both scores are added. All p-values are corrected together by Holm's method.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from saddlepoint.evaluation.scorecard.protocol import differences, require_comparable
from saddlepoint.evaluation.scorecard.score import Score
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.statistics.paired_comparison import holm_p_values

LEVEL = 0.05
_HALF_WIDTH = 1.959964  # standard errors on each side of a 95 % interval


@dataclass(frozen=True)
class Difference:
    """The score of the first run minus that of the second, with its 95 % interval.

    Attributes:
        title: of the score.
        first, second: names of the runs.
        value, low, high: the difference and its interval.
        p: the p-value, for equal models.
        adjusted: the p-value after Holm's correction, over all differences of a comparison.
        paired: whether the difference was taken over the same parts of the data.
        real: whether `adjusted` is below 5 %.
        winner: the better run, where the difference is significant, the score has a direction, and the better score is not
            beyond that of real data; else None.
    """

    title: str
    first: str
    second: str
    value: float
    low: float
    high: float
    p: float
    adjusted: float
    paired: bool
    real: bool
    winner: str | None


@dataclass(frozen=True)
class Ranking:
    """All differences between several runs.

    Attributes:
        scorecards: by name of the run.
        differences: of every score and every two runs.
        untested: scores that could not be compared.
        warnings: how far the comparison can be trusted.
    """

    scorecards: Mapping[str, Scorecard]
    differences: tuple[Difference, ...]
    untested: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of all scores, in their order."""
        return tuple(dict.fromkeys(score.title for card in self.scorecards.values() for score in card.scores))

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each pair of runs: which differences are significant."""
        return tuple(self._sentence(first, second) for first, second in itertools.combinations(self.scorecards, 2))

    def _sentence(self, first: str, second: str) -> str:
        found = [d for d in self.differences if (d.first, d.second) == (first, second)]
        if not found:
            return f"{first} and {second} share no score whose difference could be tested."
        parts = []
        for one, other in ((first, second), (second, first)):
            wins = [d.title for d in found if d.winner == one]
            if wins:
                parts.append(f"{one} is better than {other} in {', '.join(wins)}")
        other_way = [d.title for d in found if d.real and d.winner is None]
        if other_way:
            parts.append(f"they differ in {', '.join(other_way)}")
        chance = sum(not d.real for d in found)
        if not parts:
            return f"{first} and {second}: none of {len(found)} differences is real at 5 % after Holm's correction."
        rest = f"; {chance} of {len(found)} differences may be chance" if chance else ""
        return f"{'; '.join(parts)} (real at 5 % after Holm's correction){rest}."

    def to_json(self) -> dict[str, Any]:
        """The differences, sentences and scorecards as JSON can hold them."""
        return {
            "scorecards": {name: card.to_json() for name, card in self.scorecards.items()},
            "differences": [asdict(difference) for difference in self.differences],
            "untested": list(self.untested),
            "warnings": list(self.warnings),
            "sentences": list(self.sentences),
        }


def rank(scorecards: Mapping[str, Scorecard], *, force: bool = False) -> Ranking:
    """All differences between two or more scorecards.

    Args:
        scorecards: by name of the run.
        force: whether to compare scorecards of different protocols, too. The ranking then warns of what differs, and no
            difference is paired.

    Raises:
        RunError: the protocols differ; the message names what in.
    """
    cards = {name: scorecard.card for name, scorecard in scorecards.items()}
    names = list(cards)
    if not force:
        require_comparable(cards)
    warnings = []
    for name in names[1:]:
        found = differences(cards[names[0]], cards[name])
        if found:
            warnings.append(
                f"Compared by --force although {names[0]} and {name} were measured by different protocols: they differ in "
                f"{'; '.join(found)}."
            )
    tested: list[tuple[str, str, Score, Score, float, float, float, bool]] = []
    untested: list[str] = []
    for first, second in itertools.combinations(names, 2):
        theirs = {score.title: score for score in scorecards[second].scores}
        for score in scorecards[first].scores:
            other = theirs.get(score.title)
            if other is None:
                continue
            error, degrees, paired = _error(score, other, paired=not warnings)
            value = score.value - other.value
            if not math.isfinite(value) or not math.isfinite(error):
                untested.append(f"{score.title}: {first} and {second}")
                continue
            tested.append((first, second, score, other, value, error, degrees, paired))
    p_values = [_p_value(value, error, degrees) for *_, value, error, degrees, _ in tested]
    adjusted = holm_p_values(p_values)
    return Ranking(
        dict(scorecards),
        tuple(_difference(*test, p, a) for test, p, a in zip(tested, p_values, adjusted, strict=True)),
        tuple(dict.fromkeys(untested)),
        tuple(warnings),
    )


def _error(first: Score, second: Score, *, paired: bool) -> tuple[float, float, bool]:
    """Standard error of the difference, its degrees of freedom, and whether it is paired; NaN where neither is known."""
    count = len(first.resamples)
    if paired and count > 1 and first.pairing == second.pairing != "none" and count == len(second.resamples):
        gaps = [a - b for a, b in zip(first.resamples, second.resamples, strict=True)]
        if not all(map(math.isfinite, gaps)):
            return math.nan, 0.0, True
        deviation = statistics.stdev(gaps)
        # Halves are apart by as much as the whole scatters; a mean over disjoint groups scatters less than one of them.
        return deviation / (1.0 if first.pairing == "halves" else math.sqrt(count)), count - 1.0, True
    errors = [_half_width(score) / _HALF_WIDTH for score in (first, second)]
    return math.hypot(*errors), math.inf, False


def _half_width(score: Score) -> float:
    if score.low is None or score.high is None:
        return math.nan
    return (score.high - score.low) / 2


def _p_value(value: float, error: float, degrees: float) -> float:
    if error == 0:
        return 1.0 if value == 0 else 0.0
    from scipy.stats import t  # half a second to import

    return float(2 * t.sf(abs(value) / error, degrees))


def _difference(
    first: str,
    second: str,
    score: Score,
    other: Score,
    value: float,
    error: float,
    degrees: float,
    paired: bool,
    p: float,
    a: float,
) -> Difference:
    from scipy.stats import t

    half = float(t.ppf(0.975, degrees)) * error
    real = a < LEVEL
    winner = None
    if real and score.better != "none" and value != 0:
        name, better = (first, score) if (value < 0) == (score.better == "lower") else (second, other)
        winner = None if better.better_than_real else name
    return Difference(score.title, first, second, value, value - half, value + half, p, a, paired, real, winner)


def table(ranking: Ranking) -> Sequence[tuple[str, Mapping[str, Score]]]:
    """For each title, the runs that have the score."""
    return [
        (title, {name: s for name, card in ranking.scorecards.items() for s in card.scores if s.title == title})
        for title in ranking.titles
    ]
