"""The metrics of a scorecard, in the order to read them: what each is called, needs, and gets its interval and ceiling from.

The intervals, by what kind of number it is (see `saddlepoint.evaluation.intervals`):

- "halves": the scatter of the mean over sampling seeds on random halves of real examples and samples;
- a function: the metric's own interval, over all samples of all seeds.

Ceilings, from generators that are as bad as can be for this metric, the worse score where there are two: "noise" has each
number of an example drawn on its own, with the data's mean and deviation there; "repeat" is one training example again and
again; "copies" are the training examples. Noise is no ceiling for diversity (it is diverse), nor a real example for quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from saddlepoint.evaluation.assessment import measures
from saddlepoint.evaluation.assessment.sets import Comparison
from saddlepoint.evaluation.intervals import Interval
from saddlepoint.evaluation.scorecard import Better

Need = Literal["classifier", "truth", "modes", "held-out", "plane", "line", "several classes"]
Bad = Literal["noise", "repeat", "copies"]
Floor = Literal["training", "halves", "held-out"]
Measure = Callable[[Comparison], Mapping[str, float]]
Own = Callable[[Sequence[Comparison], Sequence[float]], Interval]

COUNT = (0.0, None)
SHARE = (0.0, 1.0)
ANY = (None, None)
ALL: tuple[Bad, ...] = ("noise", "repeat")


@dataclass(frozen=True)
class Metric:
    """One score.

    title: without the features, which are added. measure: a function of a comparison that gives this score by its key,
    and perhaps others. meaning: one sentence. of: "features" for each kind of features, "examples" once, by the numbers of the
    examples themselves. interval:
    "halves", or the metric's own. floor: "training" compares training examples with the held-out ones in the samples'
    place; "halves" one half of the held-out examples with the other; "held-out" the held-out examples themselves with
    what was fitted to training examples, for metrics that look at no others.
    """

    title: str
    better: Better
    measure: Measure
    meaning: str
    worst: tuple[Bad, ...]
    interval: Literal["halves"] | Own = "halves"
    needs: tuple[Need, ...] = ()
    of: Literal["features", "examples"] = "features"
    floor: Floor = "training"
    unit: str = ""
    bounds: tuple[float | None, float | None] = ANY
    notes: tuple[str, ...] = ()


_PAST_FLOOR = "More than real data have is not better."

METRICS: dict[str, Metric] = {
    "frechet": Metric(
        "Fréchet distance",
        "lower",
        measures.frechet,
        "Distance of the Gaussians fitted to real examples and samples.",
        ALL,
        bounds=COUNT,
    ),
    "frechet_infinity": Metric(
        "Fréchet distance at infinite N",
        "lower",
        measures.extrapolated,
        "The Fréchet distance without its bias in the number of samples.",
        ALL,
    ),
    "kernel": Metric(
        "Kernel distance",
        "lower",
        measures.kernel,
        "Squared maximum mean discrepancy, unbiased at any number of samples.",
        ALL,
        interval=measures.kernel_pooled,
    ),
    "energy": Metric(
        "Energy distance",
        "lower",
        measures.energy,
        "How much further samples are from real examples than either among themselves; 0 for one distribution.",
        ALL,
        bounds=(None, 1.0),
        notes=(f"From {measures.PAIRED:,} examples and samples at most.",),
    ),
    "sliced_wasserstein": Metric(
        "Sliced Wasserstein distance",
        "lower",
        measures.sliced,
        "How far mass must be carried, on average over random directions.",
        ALL,
        bounds=COUNT,
    ),
    "wasserstein": Metric(
        "Wasserstein distance",
        "lower",
        measures.on_a_line,
        "How far mass must be carried on the line, exactly.",
        ALL,
        needs=("line",),
        bounds=COUNT,
    ),
    "two_sample": Metric(
        "Two-sample test accuracy",
        "lower",
        measures.two_sample,
        "How often a classifier tells samples from real examples; 1/2 is a coin.",
        ALL,
        interval=measures.two_sample_pooled,
        unit="share",
        bounds=SHARE,
        notes=(f"From {measures.JUDGED:,} examples and samples at most.",),
    ),
    "precision": Metric(
        "Precision",
        "higher",
        measures.neighbours,
        "Share of samples that lie among real examples.",
        ("noise",),
        unit="share",
        bounds=SHARE,
        notes=(
            "Of samples that partly lie off the data, it hangs on the few outermost real examples, and the interval is too "
            "narrow: in simulations it held the expectation in 89 to 95 %.",
        ),
    ),
    "recall": Metric(
        "Recall",
        "higher",
        measures.neighbours,
        "Share of real examples that lie among samples.",
        ("repeat",),
        unit="share",
        bounds=SHARE,
    ),
    "density": Metric(
        "Density",
        "higher",
        measures.neighbours,
        "How many real neighbourhoods a sample lies in; about 1 for real data.",
        ("noise",),
        bounds=COUNT,
        notes=("Above 1 where samples crowd in dense regions.",),
    ),
    "coverage": Metric(
        "Coverage",
        "higher",
        measures.neighbours,
        "Share of real neighbourhoods that hold a sample.",
        ("repeat",),
        unit="share",
        bounds=SHARE,
    ),
    "bins": Metric(
        "Different bins (NDB / K)",
        "lower",
        measures.cells,
        "Share of the data's regions that samples visit too often or too rarely, each tested at 5 %.",
        ALL,
        interval=measures.cells_pooled,
        floor="held-out",  # the regions are those of the training examples, who would visit them just so often
        unit="share",
        bounds=SHARE,
    ),
    "vendi": Metric(
        "Vendi diversity",
        "higher",
        measures.spectrum,
        "The effective number of unlike samples.",
        ("repeat",),
        bounds=(1.0, None),
        notes=(f"Of {measures.SPECTRUM:,} samples at most. Blind to quality: noise is diverse. {_PAST_FLOOR}",),
    ),
    "spread": Metric(
        "Mean distance of samples",
        "higher",
        measures.spread,
        "The mean distance between two samples over that between two real examples.",
        ("repeat",),
        bounds=COUNT,
        notes=(_PAST_FLOOR,),
    ),
    "birthday": Metric(
        "Different samples (birthday test)",
        "higher",
        measures.birthday,
        "About how many different samples the model can make; infinite where no two were alike.",
        ("repeat",),
        interval=measures.birthday_pooled,
        bounds=COUNT,
    ),
    "near_copies": Metric(
        "Near copies of training examples",
        "lower",
        measures.near_copies,
        f"Share of samples nearer to a training example than all but {measures.NEAR:.0%} of held-out examples are.",
        ("copies",),
        needs=("held-out",),
        floor="halves",
        unit="share",
        bounds=SHARE,
    ),
    "data_copying": Metric(
        "Data copying C_T",
        "none",
        measures.copying,
        "Whether samples lie nearer to training examples than held-out examples do, as a normal score.",
        ("copies",),
        needs=("held-out",),
        floor="halves",
        notes=(
            "Below 0: nearer to training examples than honest data, down to copies; above 0: too far from them. 0 is best.",
        ),
    ),
    "classifier_score": Metric(
        "Classifier score",
        "higher",
        measures.answers,
        "High where the data's classifier is sure of each sample and finds all classes (as the Inception score).",
        ("repeat",),
        needs=("classifier", "several classes"),
        bounds=(1.0, None),
    ),
    "class_divergence": Metric(
        "Divergence of class shares",
        "lower",
        measures.shares,
        "Kullback-Leibler divergence of the samples' classes from the real examples', as the classifier reads both.",
        ("repeat",),
        needs=("classifier", "several classes"),
        unit="nats",
        bounds=COUNT,
    ),
    "classes_covered": Metric(
        "Classes covered",
        "higher",
        measures.shares,
        "Classes that the classifier found among samples.",
        ("repeat",),
        needs=("classifier", "several classes"),
        bounds=COUNT,
    ),
    "jensen_shannon": Metric(
        "Jensen-Shannon divergence on a grid",
        "lower",
        measures.histograms,
        "Divergence of the two histograms, of as many cells as examples fill, 50 an axis at most; log 2 is the most.",
        ALL,
        needs=("plane",),
        of="examples",
        unit="nats",
        bounds=(0.0, 0.6932),
    ),
    "modes_covered": Metric(
        "Modes covered",
        "higher",
        measures.modes,
        "True modes with at least one sample of high quality.",
        ("repeat",),
        needs=("truth", "modes"),
        of="examples",
        bounds=COUNT,
    ),
    "high_quality": Metric(
        "High-quality samples",
        "higher",
        measures.modes,
        "Share of samples within 3 standard deviations of a true mode.",
        ("noise",),
        interval=measures.share_pooled,
        needs=("truth", "modes"),
        of="examples",
        unit="share",
        bounds=SHARE,
        notes=("More than real data have means modes that are too narrow.",),
    ),
    "reverse_kl": Metric(
        "Reverse KL of modes",
        "lower",
        measures.modes,
        "Kullback-Leibler divergence of the high-quality samples' modes from equal shares.",
        ("repeat",),
        needs=("truth", "modes"),
        of="examples",
        unit="nats",
        bounds=COUNT,
    ),
    "mode_width": Metric(
        "Width of modes",
        "none",
        measures.modes,
        "Median over modes of their samples' spread over the true one; 1 is right.",
        ("repeat",),
        needs=("truth", "modes"),
        of="examples",
        bounds=COUNT,
    ),
    "true_likelihood": Metric(
        "Log-likelihood under the truth",
        "higher",
        measures.density,
        "Mean log density of samples under the distribution the data were drawn from.",
        ("noise",),
        interval=measures.density_pooled,
        needs=("truth",),
        of="examples",
        unit="nats",
        notes=("More than real data have means samples that crowd at the peaks.",),
    ),
}
