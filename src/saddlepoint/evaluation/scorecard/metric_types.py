"""What a metric of the scorecard declares: its name and meaning, what it needs, how it is computed, where it is shown.

There are two kinds. A `SampleMetric` compares two sets of points: features of samples and of real examples, or the
numbers of the examples themselves. A `ModelMetric` asks the model itself: its density, its codes, its game. Both are
declared in a file of `rows/`, which has one line in `registry.FILES`.

The real-data baseline of a sample metric is what real examples score in the samples' place: the best to expect. Its worst
case is the score of generators that are deliberately bad; where there are two, the worse score counts:

- "noise" draws each number of an example independently, with the data's mean and standard deviation at that place;
- "repeat" returns one training example again and again;
- "copies" returns the training examples.

Noise is diverse, so it is not a worst case of diversity; a repeated real example is not a worst case of quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor

from saddlepoint.evaluation.scorecard.comparison import Comparison, Context
from saddlepoint.evaluation.scorecard.score import Better, Estimate
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval

Need = (
    Literal[
        "classifier",
        "several classes",
        "truth",
        "modes",
        "held-out",
        "plane",
        "line",
        "permission for minutes",
        "standard normal prior",
    ]
    | type
)
"""What data and features must have, or a capability that the model must have (see `models.capabilities`)."""
Section = Literal[
    "modes", "distances", "quality and diversity", "ground truth", "held-out examples", "codes", "game", "other"
]
"""Where a score is listed: the sections of a scorecard, in their order."""
Input = Literal["features", "examples", "digit triples"]
WorstCase = Literal["noise", "repeat", "copies"]
Baseline = Literal["training", "split half", "held-out"]
Bounds: TypeAlias = tuple[float | None, float | None]
Measure = Callable[[Comparison], Mapping[str, float]]
OwnInterval = Callable[[Sequence[Comparison], Sequence[float]], Interval]

NONNEGATIVE: Bounds = (0.0, None)
SHARE: Bounds = (0.0, 1.0)
UNBOUNDED: Bounds = (None, None)
NOISE_AND_REPEAT: tuple[WorstCase, ...] = ("noise", "repeat")
GROUPS = 50  # disjoint parts of the held-out examples whose means are stored, so that runs can be compared part by part


@dataclass(frozen=True)
class Deciding:
    """A score whose differences decide which of several runs is better.

    Attributes:
        kind: "distance" between samples and real examples as a whole, or one "side" of it, such as diversity, which
            decides only where two runs share no distance.
        rank: of several scores in favour of a run, the lowest rank is named in the answer.
    """

    kind: Literal["distance", "side"]
    rank: int


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What both kinds of metrics declare.

    Attributes:
        title: without the features, which are added.
        section: where the score is listed; within a section scores have the order of the registry.
        better: which direction is good; "none" for a number that is only reported.
        meaning: one sentence on what the number says.
        unit: such as "nats" or "share"; may be empty.
        bounds: the range of possible values; None for an end without bound.
        needs: what data, features and model must have.
        notes: sentences that are shown with the score, on how far to trust it.
        work: about how many seconds the measure takes on two cores, for the progress display. Where one measure gives
            several scores, all of it is declared by the first of them.
        decides: whether and how differences of this score decide which run is better; None where they do not.
    """

    title: str
    better: Better
    meaning: str
    section: Section = "other"
    unit: str = ""
    bounds: Bounds = UNBOUNDED
    needs: tuple[Need, ...] = ()
    notes: tuple[str, ...] = ()
    work: float = 0.0
    decides: Deciding | None = None


@dataclass(frozen=True, kw_only=True)
class SampleMetric(Metric):
    """A score of two sets of points: samples and real examples.

    Attributes:
        measure: from a comparison to values by key; metrics that share a measure are computed by one call.
        of: the points: "features", once for each kind of features; "examples", the numbers of the examples themselves;
            "digit triples", the digits that a classifier reads in the channels of Stacked MNIST.
        worst_case: the deliberately bad generators that give the score its scale.
        baseline: what real data are compared with: "training" compares training examples with the held-out ones,
            "split half" one half of the held-out examples with the other, "held-out" the held-out examples with what was
            fitted to training examples.
        interval: "split half", by how far random halves of real examples and samples differ in the mean over sampling
            seeds; or the metric's own interval, over all samples of all seeds.
        shape: of an interval by split half. "even": value ± errors, or as lopsided as the range of a share makes it;
            "growing": of a squared distance or a divergence, whose variance grows with its expectation; "root": of the
            root of one.
        biased: the same score with its bias, of shape "growing", for a score whose bias was removed.
        paired: whether halves are computed to compare runs by, although the interval is the metric's own.
        upper_bound: the upper end of `bounds` where it depends on the data.
        share_of: what a share with an interval by split half is counted over. Samples of several seeds are as many
            trials; real examples are the same ones for every seed.
        note: a sentence that depends on the sets that are compared; None where there is none.
    """

    measure: Measure
    worst_case: tuple[WorstCase, ...]
    of: Input = "features"
    baseline: Baseline = "training"
    interval: Literal["split half"] | OwnInterval = "split half"
    shape: Literal["even", "growing", "root"] = "even"
    biased: Callable[[Comparison], float] | None = None
    paired: bool = False
    upper_bound: Callable[[Context], float] | None = None
    share_of: Literal["samples", "examples"] = "samples"
    note: Callable[[Comparison], str] | None = None

    @property
    def uses_halves(self) -> bool:
        """Whether the score is computed on halves, too."""
        return self.paired or self.interval == "split half"

    def bounds_on(self, context: Context) -> Bounds:
        """The range of possible values on these data."""
        return self.bounds if self.upper_bound is None else (self.bounds[0], self.upper_bound(context))


@dataclass(frozen=True)
class Measurement:
    """What a model metric found.

    Attributes:
        estimate: the value with its interval.
        notes: sentences on this number, shown before the metric's own notes.
        detail: added to the title in brackets, such as "exact".
        unit, bounds: instead of those of the metric, where they depend on the model.
        groups: means over disjoint groups of the same held-out examples, by which runs are compared.
        baseline, worst_case: the same number of the best and of a bad answer.
    """

    estimate: Estimate
    notes: tuple[str, ...] = ()
    detail: str = ""
    unit: str | None = None
    bounds: Bounds | None = None
    groups: tuple[float, ...] = ()
    baseline: Estimate | None = None
    worst_case: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class ModelMetric(Metric):
    """A score that the model gives about itself or about held-out examples.

    Attributes:
        measure: from a model and its data to measurements by key; metrics that share a measure are computed by one call.
            It raises DataError where the score does not apply; the message is the reason, a sentence.
    """

    measure: Callable[[Subject], Mapping[str, Measurement]]


def estimate_of(interval: Interval) -> Estimate:
    """The interval as part of a score."""
    return Estimate(interval.value, interval.low, interval.high)


def mean_estimate(values: Tensor) -> Estimate:
    """The mean of values (N,), one for each independent example, with its 95 % interval."""
    return estimate_of(mean_interval(values))


def group_means(values: Tensor) -> tuple[float, ...]:
    """The means of `GROUPS` disjoint parts of values (N,), or of all of fewer values."""
    return tuple(float(part.mean()) for part in values.tensor_split(min(GROUPS, len(values))))
