"""Whether generated examples helped, hurt, or made no difference that the splits show, and what to train on instead.

Every alternative is compared with the real examples alone on the same splits. The intervals of the differences are those of results of
overlapping splits (`split_interval`): they are wider than those of independent results, because splits share examples. The conclusion is that of
real + generated examples in the first scenario, which is fixed beforehand. Every other comparison could show a difference by chance, so what is
recommended or put into the headline because of one has to hold at a level that is corrected for their number (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from saddlepoint.applications.augment.classifiers import METRIC
from saddlepoint.applications.augment.examples import Examples
from saddlepoint.applications.augment.measuring import Outcome
from saddlepoint.applications.augment.settings import ALTERNATIVES, GENERATED, REAL, alternatives_for
from saddlepoint.applications.augment.splits import Scenario, training_order
from saddlepoint.evaluation.statistics.intervals import Interval, split_interval

HELPED, HURT, NO_DIFFERENCE = "it helped", "it hurt", "no difference is shown"
BASELINES = ("duplicated", "class weights", "classical", "SMOTE")


@dataclass(frozen=True)
class Comparison:
    """One alternative in one scenario.

    Attributes:
        alternative: its name.
        score: the mean over splits, with its interval.
        difference: to the real examples alone, with its interval.
        verdict: "it helped", "no difference is shown" or "it hurt", by this interval alone.
        scores: the means of all metrics.
    """

    alternative: str
    score: Interval
    difference: Interval
    verdict: str
    scores: dict[str, float]


@dataclass(frozen=True)
class ScenarioResult:
    """All alternatives in one scenario.

    Attributes:
        title: the scenario in words.
        n: real training examples.
        imbalance: how many times fewer examples every second class has.
        comparisons: of the alternatives, in their order.
        against: difference of real + generated to each simpler alternative, by its name.
        best: name of the alternative to train on.
        rejected: share of the generated examples that was rejected.
        unfiltered: examples that were used although they were rejected.
        confirmed: whether real + generated is shown to help at a level that is corrected for the number of scenarios.
    """

    title: str
    n: int
    imbalance: int
    comparisons: tuple[Comparison, ...]
    against: dict[str, Interval]
    best: str
    rejected: float
    unfiltered: int
    confirmed: bool = False

    def of(self, alternative: str) -> Comparison:
        """The comparison of an alternative."""
        return next(one for one in self.comparisons if one.alternative == alternative)


@dataclass(frozen=True)
class Measured:
    """What the measurement showed.

    Attributes:
        metric: that differences are of.
        splits: how many.
        scenarios: their results; the first one decides.
    """

    metric: str
    splits: int
    scenarios: tuple[ScenarioResult, ...]

    @property
    def verdict(self) -> str:
        """The verdict on real + generated examples in the first scenario, the one with most real examples."""
        return self.scenarios[0].of(GENERATED).verdict

    @property
    def headline(self) -> str:
        """The verdict in at most twelve words."""
        first = self.scenarios[0]
        subject = {HELPED: "Generated examples helped", HURT: "Generated examples hurt"}.get(self.verdict)
        if subject is None:
            later = [one for one in self.scenarios[1:] if one.confirmed]
            return f"No difference is shown{', but generated examples helped with ' + later[0].title if later else ''}"
        change = first.of(GENERATED).difference
        if self.verdict == HELPED and first.best in BASELINES:  # what is simpler is not shown to be worse
            subject += f", as {first.best} did"
        return f"{subject}: macro F1 {change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"

    @property
    def recommendation(self) -> str:
        """What to train on, in one or two sentences."""
        sentences = []
        for result in self.scenarios:
            where = result.title[:1].upper() + result.title[1:]
            chosen = result.of(result.best)
            generated = result.of(GENERATED)
            if result.best == REAL and generated.verdict == HELPED:
                sentences.append(
                    f"{where}: generated examples helped ({_signed(generated.difference)}), but no alternative is shown to be better once "
                    "their number is corrected for; measure more splits (--splits) before you rely on it."
                )
                continue
            if result.best == REAL:
                sentences.append(f"{where}: train on the real examples alone; no alternative is shown to be better.")
                continue
            also = ""
            if result.best != GENERATED and generated.verdict == HELPED:
                also = "; generated examples helped too, and are not shown to be better"
            title = ALTERNATIVES[result.best].title
            sentences.append(f"{where}: train on {title} ({result.best}, {_signed(chosen.difference)}){also}.")
        return " ".join(sentences)

    def to_json(self) -> dict[str, Any]:
        """Everything as values that JSON can hold."""
        return {
            "verdict": self.verdict,
            "headline": self.headline,
            "recommendation": self.recommendation,
            **asdict(self),
        }


def conclude(examples: Examples, outcomes: Mapping[Scenario, Sequence[Outcome]]) -> Measured:
    """Compare the alternatives.

    Args:
        examples: that were split.
        outcomes: of at least two splits, by scenario.
    """
    train, test = training_order(examples.labels, 0)
    ratio = len(test) / len(train)
    level = 1 - 0.05 / len(outcomes)
    results = tuple(_compare(examples, scenario, some, ratio, level) for scenario, some in outcomes.items())
    return Measured(METRIC, len(next(iter(outcomes.values()))), results)


def verdict_of(difference: Interval) -> str:
    """The verdict on a difference."""
    return HELPED if difference.low > 0 else HURT if difference.high < 0 else NO_DIFFERENCE


def _compare(
    examples: Examples, scenario: Scenario, outcomes: Sequence[Outcome], ratio: float, level: float
) -> ScenarioResult:
    """Compare the alternatives in one scenario; `level` is that at which a gain is confirmed."""
    names = alternatives_for(examples.kind)
    scores = {name: torch.tensor([one.scores[name][METRIC] for one in outcomes], dtype=torch.float64) for name in names}
    comparisons = []
    for name in names:
        difference = split_interval(scores[name] - scores[REAL], ratio)
        means = {
            metric: sum(one.scores[name][metric] for one in outcomes) / len(outcomes)
            for metric in outcomes[0].scores[name]
            if all(metric in one.scores[name] for one in outcomes)
        }
        own = split_interval(scores[name], ratio)
        own = replace(own, low=max(0.0, own.low), high=min(1.0, own.high))
        comparisons.append(Comparison(name, own, difference, verdict_of(difference), means))
    against = {name: split_interval(scores[GENERATED] - scores[name], ratio) for name in BASELINES if name in names}
    drawn = sum(one.drawn for one in outcomes)
    return ScenarioResult(
        scenario.title,
        outcomes[0].n,
        scenario.imbalance,
        tuple(comparisons),
        against,
        _best(scores, ratio),
        sum(sum(one.rejected.values()) for one in outcomes) / max(1, drawn),
        sum(one.unfiltered for one in outcomes),
        split_interval(scores[GENERATED] - scores[REAL], ratio, level=level).low > 0,
    )


def _best(scores: Mapping[str, torch.Tensor], ratio: float) -> str:
    """The simplest alternative that none is shown to be better than, among those that are shown to help; else the real examples.

    The level is corrected for the number of alternatives.
    """
    level = 1 - 0.05 / max(1, len(scores) - 1)
    names = sorted(scores, key=lambda name: ALTERNATIVES[name].simplicity)
    candidates = [
        name
        for name in names
        if name == REAL or split_interval(scores[name] - scores[REAL], ratio, level=level).low > 0
    ]
    for name in candidates:
        others = (
            split_interval(scores[other] - scores[name], ratio, level=level) for other in candidates if other != name
        )
        if all(difference.low <= 0 for difference in others):
            return name
    return max(candidates, key=lambda name: float(scores[name].mean()))


def _signed(interval: Interval) -> str:
    return f"macro F1 {interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
