"""All sets as points in one kind of features, and which of them are compared with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from saddlepoint.evaluation.scorecard.comparison import Comparison, Context, Points
from saddlepoint.evaluation.scorecard.metric_types import Baseline, WorstCase


@dataclass(frozen=True)
class FeatureSets:
    """All sets in one kind of features.

    Attributes:
        name: of the features; empty for the examples' own numbers.
        context: real and training examples, and what is fitted to them.
        fakes: the samples, one set a sampling seed.
        training: as many training examples as real ones, for the real-data baseline.
        bad: the sets of deliberately bad generators.
    """

    name: str
    context: Context
    fakes: tuple[Points, ...]
    training: Points
    bad: Mapping[WorstCase, Points]

    def comparisons(self) -> list[Comparison]:
        """The samples of each sampling seed beside the real examples."""
        return [Comparison(self.context.real, fake, self.context) for fake in self.fakes]

    def baseline(self, kind: Baseline) -> Comparison:
        """Real examples in the samples' place: training ones, half of the reference, or the reference itself."""
        real = self.context.real
        if kind == "held-out":
            return Comparison(real, real, self.context)
        if kind == "training":
            return Comparison(real, self.training, self.context)
        middle = len(real) // 2
        return Comparison(real.take(slice(middle, None)), real.take(slice(middle)), self.context)

    def worst_case(self, kind: WorstCase) -> Comparison:
        """A bad generator's set beside the real examples."""
        return Comparison(self.context.real, self.bad[kind], self.context)
