"""All sets that one kind of features makes points of, and which of them stand beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from saddlepoint.evaluation.scorecard.comparison import Comparison, Context, Points
from saddlepoint.evaluation.scorecard.metric import Bad, Floor


@dataclass(frozen=True)
class Sides:
    """All sets of one kind of features.

    name: of the features, empty for the examples' own numbers. fakes: one set a sampling seed. training: as many
    training examples as real ones, in the samples' place for the floor. bad: the sets of bad generators.
    """

    name: str
    context: Context
    fakes: tuple[Points, ...]
    training: Points
    bad: Mapping[Bad, Points]

    def of_model(self) -> list[Comparison]:
        """Each sampling seed's samples with the real examples."""
        return [Comparison(self.context.real, fake, self.context) for fake in self.fakes]

    def of_floor(self, kind: Floor) -> Comparison:
        """Real examples in the samples' place: `training` ones, `halves` of the reference with each other, or all of it."""
        real = self.context.real
        if kind == "held-out":
            return Comparison(real, real, self.context)
        if kind == "training":
            return Comparison(real, self.training, self.context)
        middle = len(real) // 2
        return Comparison(real.take(slice(middle, None)), real.take(slice(middle)), self.context)

    def of_bad(self, kind: Bad) -> Comparison:
        """The samples of a deliberately bad generator with the real examples."""
        return Comparison(self.context.real, self.bad[kind], self.context)
