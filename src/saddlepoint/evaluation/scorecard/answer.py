"""Which of several runs is better, and by how much, in one sentence from all their differences.

Distances between samples and held-out examples decide, since they see quality and diversity at once. Where two runs share
none, the scores of one side of that decide (precision, recall, modes covered, ...); each metric declares its kind and rank in
the registry. Scores of other things never decide: the
duality gap says how far two players are from an equilibrium, and a likelihood or a reconstruction says nothing of samples
(A Note on the Evaluation of Generative Models, Theis, van den Oord, Bethge, 2016, https://arxiv.org/abs/1511.01844).

A run is better than another where at least one deciding difference is significant in its favour and none in the other's.
Where significant differences point both ways, neither is better. Where none is significant, nothing is shown at this sample
size, which does not mean that the runs are equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from saddlepoint.evaluation.scorecard.ranking import Difference, Ranking
from saddlepoint.evaluation.scorecard.registry import all_metrics
from saddlepoint.evaluation.scorecard.score import Score

Outcome = Literal["better", "mixed", "other", "not shown", "not tested"]
MOST_NAMED = 3  # other scores in the sentence


@dataclass(frozen=True)
class Advantage:
    """By how much one run is better in one score: `by` with its 95 % interval, all positive."""

    score: str
    direction: Literal["lower", "higher"]
    by: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit and self.unit != "share" else ""
        return f"{self.score} {self.direction} by {self.by:.3g} [{self.low:.3g}, {self.high:.3g}]{unit}"


@dataclass(frozen=True)
class PairAnswer:
    """What is shown about two runs.

    Attributes:
        first: the name of one run.
        second: the name of the other.
        outcome: "mixed" where each is better in a deciding score, "other" where they differ in what has no better direction,
            "not shown" where no deciding difference is real, "not tested" where they share no score that could decide.
        better: the name of the better one; None where neither is.
        decided_by: "distances", or "sides" where no distance could be compared.
        wins: in how many deciding scores each run is better, by name.
        advantages: the leading one of each run that has any.
        tested: how many deciding scores were compared.
        aside: titles of the other scores in which each run is better, by name.
    """

    first: str
    second: str
    outcome: Outcome
    better: str | None
    decided_by: Literal["distances", "sides"]
    wins: Mapping[str, int]
    advantages: Mapping[str, Advantage]
    tested: int
    aside: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Answer:
    """The sentence, the runs that no other is better than, and every pair."""

    sentence: str
    best: tuple[str, ...]
    pairs: tuple[PairAnswer, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"sentence": self.sentence, "best": list(self.best), "pairs": [asdict(pair) for pair in self.pairs]}


def answer(ranking: Ranking) -> Answer:
    """Of all runs of a ranking, which is better and by how much."""
    names = list(ranking.scorecards)
    pairs = tuple(_pair(ranking, first, second) for first, second in itertools.combinations(names, 2))
    beaten = {loser for pair in pairs if pair.better for loser in (pair.first, pair.second) if loser != pair.better}
    best = tuple(name for name in names if name not in beaten)
    size = _sample_size(ranking)
    if len(pairs) == 1:
        return Answer(_of_two(pairs[0], size), best, pairs)
    return Answer(_of_several(names, best, pairs, size), best, pairs)


def _pair(ranking: Ranking, first: str, second: str) -> PairAnswer:
    scores = {score.title: score for score in ranking.scorecards[first].scores}
    every = [d for d in ranking.differences if (d.first, d.second) == (first, second)]
    distances = [d for d in every if _kind_of(scores[d.title]) == "distance"]
    found = distances or [d for d in every if _kind_of(scores[d.title]) == "side"]
    won = {name: [d for d in found if d.winner == name] for name in (first, second)}
    wins = {name: len(own) for name, own in won.items()}
    advantages = {name: _leading(own, scores) for name, own in won.items() if own}
    outcome: Outcome = "better" if len(advantages) == 1 else "mixed" if advantages else "not shown"
    if not found:
        outcome = "not tested"
    elif not advantages and any(d.real for d in found):
        outcome = "other"
    better = next(iter(advantages)) if len(advantages) == 1 else None
    rest = [d for d in every if d not in found]
    aside = {name: tuple(d.title for d in rest if d.winner == name) for name in (first, second)}
    decided_by: Literal["distances", "sides"] = "distances" if distances else "sides"
    return PairAnswer(first, second, outcome, better, decided_by, wins, advantages, len(found), aside)


def _kind_of(score: Score) -> str:
    """What kind of a deciding score it is; empty for one that decides nothing, or that this version does not know."""
    metric = all_metrics().get(score.metric)
    return "" if metric is None or metric.decides is None else metric.decides.kind


def _leading(won: Sequence[Difference], scores: Mapping[str, Score]) -> Advantage:
    """The difference to name: the one whose score has the lowest rank; of several features, the most significant."""

    def rank(difference: Difference) -> tuple[int, float]:
        deciding = all_metrics()[scores[difference.title].metric].decides
        assert deciding is not None
        return deciding.rank, difference.adjusted

    chosen = min(won, key=rank)
    score = scores[chosen.title]
    low, high = sorted((abs(chosen.low), abs(chosen.high)))
    direction: Literal["lower", "higher"] = "lower" if score.better == "lower" else "higher"
    return Advantage(chosen.title, direction, abs(chosen.value), low, high, score.unit)


def _of_two(pair: PairAnswer, size: str) -> str:
    first, second = pair.first, pair.second
    if pair.outcome == "not tested":
        return f"{first} and {second} share no score of their samples whose difference can be tested.{_aside(pair, first, second)}"
    if pair.outcome == "not shown":
        return (
            f"No difference between {first} and {second} is shown at this sample size ({size}; {_count(pair)} compared)."
            f"{_aside(pair, first, second)}"
        )
    if pair.outcome == "other":
        return (
            f"{first} and {second} differ, but in no {_kind(pair)} is one of them shown to be the better ({size})."
            f"{_aside(pair, first, second)}"
        )
    if pair.better is not None:
        other = second if pair.better == first else first
        return (
            f"{pair.better} is better than {other}: {pair.advantages[pair.better]}; better in {pair.wins[pair.better]} of "
            f"{_count(pair)}, worse in none.{_aside(pair, other)}"
        )
    parts = [f"{name} has {pair.advantages[name]} (better in {pair.wins[name]})" for name in (first, second)]
    return f"Neither {first} nor {second} is better throughout: {'; '.join(parts)}, of {_count(pair)}."


def _aside(pair: PairAnswer, *names: str) -> str:
    """Sentences after the answer: the scores that did not decide, in which these runs are better."""
    sentences = ""
    for name in names:
        titles = pair.aside[name]
        if titles:
            more = f" and {len(titles) - MOST_NAMED} more" if len(titles) > MOST_NAMED else ""
            sentences += f" Other scores in which {name} is better: {', '.join(titles[:MOST_NAMED])}{more}."
    return sentences


def _of_several(names: Sequence[str], best: Sequence[str], pairs: Sequence[PairAnswer], size: str) -> str:
    if all(pair.outcome in ("not shown", "not tested") for pair in pairs):
        return f"No difference between the {len(names)} runs is shown at this sample size ({size})."
    if len(best) == 1:
        (one,) = best
        own = [pair for pair in pairs if one in (pair.first, pair.second)]
        won = [pair for pair in own if pair.better == one]
        parts = [f"than {_other(pair, one)} by {pair.advantages[one]}" for pair in won]
        rest = [_other(pair, one) for pair in own if pair.better != one]
        open_ones = f" Not shown to be better than {_listed(rest)}." if rest else ""
        every = "all others" if not rest else f"{len(won)} of {len(own)} others"
        return f"{one} is better than {every}: {'; '.join(parts)}.{open_ones}"
    if len(best) == len(names):
        return f"None of {_listed(names)} is better than another throughout ({size}); the pairs below show how they differ."
    worse = [name for name in names if name not in best]
    return f"None of {_listed(best)} is shown to be better than another of them ({size}); worse: {_listed(worse)}."


def _other(pair: PairAnswer, name: str) -> str:
    return pair.second if pair.first == name else pair.first


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _count(pair: PairAnswer) -> str:
    return f"{pair.tested} {_kind(pair)}{'' if pair.tested == 1 else 's'}"


def _kind(pair: PairAnswer) -> str:
    return "distance" if pair.decided_by == "distances" else "score"


def _sample_size(ranking: Ranking) -> str:
    """The smallest number of samples that a run was measured by, and over how many seeds."""
    cards = [scorecard.card for scorecard in ranking.scorecards.values()]
    samples, seeds = min(card.n_fake for card in cards), min(len(card.seeds) for card in cards)
    return f"{samples:,} samples for each of {seeds} seeds" if seeds > 1 else f"{samples:,} samples"
