"""Runs side by side: which differences between their scores are real, and which may be chance.

Scores measured by one protocol on the same real examples share these examples' chance: differences are taken draw by
draw, over the same halves of real examples or the same groups of held-out ones, where the scorecards hold such draws.
Where they do not, the errors of both are added. All p-values are corrected together, after Holm.
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
from saddlepoint.evaluation.statistics.paired_comparison import holm

LEVEL = 0.05
_HALF_WIDTH = 1.959964  # standard errors on each side of a 95 % interval


@dataclass(frozen=True)
class Difference:
    """first's score less second's, with its 95 % interval.

    p: of this difference or a larger one between equal models; adjusted: after Holm, over all differences of a
    comparison. real: adjusted is below 5 %. paired: taken draw by draw. winner: which of both is better, where it is
    real, the metric has a direction, and the better one is not past what real data score.
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
    """Scorecards by name, all differences of two, scores that could not be compared, and how far to trust all this."""

    scorecards: Mapping[str, Scorecard]
    differences: tuple[Difference, ...]
    untested: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """Of all scores, in their order."""
        return tuple(dict.fromkeys(score.title for card in self.scorecards.values() for score in card.scores))

    @property
    def sentences(self) -> tuple[str, ...]:
        """For each pair of runs, which differences are real."""
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

    force: compare those of different protocols too; the ranking then warns of what differs, and pairs nothing.

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
    adjusted = holm(p_values)
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
