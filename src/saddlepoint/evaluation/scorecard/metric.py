"""One score of a scorecard: what it is called and needs, and where its interval, floor and ceiling come from.

The intervals, by what kind of number it is (see `saddlepoint.evaluation.statistics.intervals`):

- "halves": by how far random halves of real examples and samples are apart in the mean over sampling seeds;
- a function: the metric's own interval, over all samples of all seeds.

Ceilings, from generators that are as bad as can be for this metric, the worse score where there are two: "noise" has each
number of an example drawn on its own, with the data's mean and deviation there; "repeat" is one training example again and
again; "copies" are the training examples. Noise is no ceiling for diversity (it is diverse), nor a real example for quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from saddlepoint.evaluation.scorecard.comparison import Comparison, Context
from saddlepoint.evaluation.scorecard.scorecard import Better
from saddlepoint.evaluation.statistics.intervals import Interval

Need = Literal["classifier", "truth", "modes", "held-out", "plane", "line", "several classes"]
Bad = Literal["noise", "repeat", "copies"]
Floor = Literal["training", "halves", "held-out"]
Measure = Callable[[Comparison], Mapping[str, float]]
Own = Callable[[Sequence[Comparison], Sequence[float]], Interval]

COUNT = (0.0, None)
SHARE = (0.0, 1.0)
ANY = (None, None)
ALL: tuple[Bad, ...] = ("noise", "repeat")
PAST_FLOOR = "More than real data have is not better."


@dataclass(frozen=True)
class Metric:
    """One score.

    title: without the features, which are added. measure: a function of a comparison that gives this score by its key,
    and perhaps others. meaning: one sentence. of: "features" for each kind of features, "examples" once, by the numbers of the
    examples themselves. interval: "halves", or the metric's own. floor: "training" compares training examples with the
    held-out ones in the samples' place; "halves" one half of the held-out examples with the other; "held-out" the held-out
    examples themselves with what was fitted to training examples, for metrics that look at no others.

    shape: of an interval by halves. "even": value ± errors, or of a share as lopsided as its range makes it; "growing": of a
    squared distance or a divergence, whose variance grows with its expectation; "root": of the root of one. biased: the
    same score with its bias, a number of shape "growing", of one without. paired: halves are kept to compare runs by, though
    the interval is the metric's own.

    bounds: of all values it can have; most: the upper one where it depends on the data. share_of: what a share by halves
    is counted over; samples of several seeds are as many trials, and real examples the same ones again. work: about how
    long its measure takes beside the others', all of it counted at the first of its scores.
    """

    title: str
    better: Better
    measure: Measure
    meaning: str
    worst: tuple[Bad, ...]
    interval: Literal["halves"] | Own = "halves"
    shape: Literal["even", "growing", "root"] = "even"
    biased: Callable[[Comparison], float] | None = None
    paired: bool = False
    needs: tuple[Need, ...] = ()
    of: Literal["features", "examples"] = "features"
    floor: Floor = "training"
    unit: str = ""
    bounds: tuple[float | None, float | None] = ANY
    most: Callable[[Context], float] | None = None
    share_of: Literal["samples", "examples"] = "samples"
    notes: tuple[str, ...] = ()
    work: float = 0.0

    @property
    def by_halves(self) -> bool:
        """Whether halves are needed."""
        return self.paired or self.interval == "halves"

    def within(self, context: Context) -> tuple[float | None, float | None]:
        """The bounds on these data."""
        return self.bounds if self.most is None else (self.bounds[0], self.most(context))
