"""Scores against what is known beyond the examples: their classes, or the distribution they were drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.classifier_scores import category_report, classifier_score, covered_interval
from saddlepoint.evaluation.metrics.divergence import Grid, jensen_shannon
from saddlepoint.evaluation.metrics.modes import ModeReport, log_likelihood, mode_report
from saddlepoint.evaluation.scorecard.comparison import Comparison, Context
from saddlepoint.evaluation.scorecard.metric_types import NOISE_AND_REPEAT, NONNEGATIVE, SHARE, Deciding, SampleMetric
from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval

Values = Mapping[str, float]

CELLS, IN_A_CELL = 50, 5  # of a grid an axis at most, and real examples a cell on average: with fewer all is noise


def grid_divergence(c: Comparison) -> Values:
    """Jensen-Shannon divergence of histograms on a grid around the training examples.

    One more cell holds everything outside of that grid. A grid around the samples would grow with the farthest of them until
    one cell holds everything, and a grid around the real examples would vary with them.
    """
    whole, box = len(c.context.real), c.context.train.features
    grid = Grid.around(box, max(2, min(CELLS, round((whole / IN_A_CELL) ** (1 / box.shape[1])))))
    real, fake = map(grid.counts, c.features())
    return {"jensen_shannon": jensen_shannon(real, fake)}


def classifier_quality(c: Comparison) -> Values:
    """Classifier score."""
    return {"classifier_score": classifier_score(_posterior(c.fake.posterior))[0]}


def class_scores(c: Comparison) -> Values:
    """Class shares against those of the real examples, as the same classifier reads them."""
    real, fake = (_posterior(part.posterior).argmax(1) for part in (c.real, c.fake))
    classes = _posterior(c.fake.posterior).shape[1]
    # Half a count a class, so that a class that is rare among real examples leaves the divergence finite.
    truth = torch.bincount(real, minlength=classes).double() + 0.5
    found = category_report(fake, classes, truth=truth)
    return {"class_divergence": found.kl, "classes_covered": float(found.covered)}


def classes_interval(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From how often each class was hit."""
    posteriors = [_posterior(c.fake.posterior) for c in comparisons]
    return covered_interval([torch.bincount(one.argmax(1), minlength=one.shape[1]) for one in posteriors])


def _posterior(posterior: Tensor | None) -> Tensor:
    assert posterior is not None
    return posterior


def mode_scores(c: Comparison) -> Values:
    """Everything that a mode report says."""
    found = _mode_report(c)
    return {
        "modes_covered": float(found.covered),
        "high_quality": found.high_quality,
        "reverse_kl": found.reverse_kl,
        "mode_width": float(found.width.nanmedian()),
    }


def modes_interval(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From how many samples of high quality each mode has."""
    reports = [(_mode_report(c), len(c.fake)) for c in comparisons]
    return covered_interval([(one.mass.nan_to_num() * one.high_quality * n).round().long() for one, n in reports])


def _mode_report(c: Comparison) -> ModeReport:
    truth = c.context.truth
    assert truth is not None
    assert truth.modes is not None
    assert truth.mode_std is not None
    return mode_report(c.fake.features, truth.modes, truth.mode_std)


def true_likelihood(c: Comparison) -> Values:
    """Mean log density under the truth."""
    return {"true_likelihood": true_likelihood_interval([c], ()).value}


def true_likelihood_interval(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """Of all samples at once, independent draws."""
    truth = comparisons[0].context.truth
    assert truth is not None
    return log_likelihood(torch.cat([c.fake.features for c in comparisons]), truth)


def high_quality_interval(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """The interval of a share of independent samples of all seeds."""
    n = sum(len(c.fake) for c in comparisons)
    return wilson_interval(round(sum(values) / len(values) * n), n)


def _number_of_classes(context: Context) -> float:
    """How many the classifier knows."""
    assert context.real.posterior is not None
    return float(context.real.posterior.shape[1])


def _number_of_modes(context: Context) -> float:
    """How many the truth has."""
    assert context.truth is not None
    assert context.truth.modes is not None
    return float(len(context.truth.modes))


METRICS: dict[str, SampleMetric] = {
    "classifier_score": SampleMetric(
        title="Classifier score",
        section="ground truth",
        better="higher",
        measure=classifier_quality,
        meaning="High where the data's classifier is sure of each sample and finds all classes (as the Inception score).",
        worst_case=("repeat",),
        needs=("classifier", "several classes"),
        bounds=(1.0, None),
        decides=Deciding("side", 10),
    ),
    "class_divergence": SampleMetric(
        title="Divergence of class shares",
        section="ground truth",
        better="lower",
        measure=class_scores,
        meaning="Kullback-Leibler divergence of the samples' classes from the real examples', as the classifier reads both.",
        worst_case=("repeat",),
        shape="growing",
        needs=("classifier", "several classes"),
        unit="nats",
        bounds=NONNEGATIVE,
        decides=Deciding("side", 9),
    ),
    "classes_covered": SampleMetric(
        title="Classes covered",
        section="ground truth",
        better="higher",
        measure=class_scores,
        meaning="Classes that the classifier found among samples.",
        worst_case=("repeat",),
        interval=classes_interval,
        notes=("Where none is rare the count does not vary, and the interval has no width.",),
        needs=("classifier", "several classes"),
        bounds=NONNEGATIVE,
        upper_bound=_number_of_classes,
        decides=Deciding("side", 8),
    ),
    "jensen_shannon": SampleMetric(
        title="Jensen-Shannon divergence on a grid",
        section="ground truth",
        better="lower",
        measure=grid_divergence,
        meaning="Divergence of the two histograms, of as many cells as examples fill, 50 an axis at most; log 2 is the most.",
        worst_case=NOISE_AND_REPEAT,
        shape="growing",
        needs=("plane",),
        of="examples",
        unit="nats",
        bounds=(0.0, 0.6932),
        decides=Deciding("distance", 7),
    ),
    "modes_covered": SampleMetric(
        title="Modes covered",
        section="ground truth",
        better="higher",
        measure=mode_scores,
        meaning="True modes with at least one sample of high quality.",
        worst_case=("repeat",),
        interval=modes_interval,
        notes=("Where none is rare the count does not vary, and the interval has no width.",),
        needs=("truth", "modes"),
        of="examples",
        bounds=NONNEGATIVE,
        upper_bound=_number_of_modes,
        decides=Deciding("side", 5),
    ),
    "high_quality": SampleMetric(
        title="High-quality samples",
        section="ground truth",
        better="higher",
        measure=mode_scores,
        meaning="Share of samples within 3 standard deviations of a true mode.",
        worst_case=("noise",),
        interval=high_quality_interval,
        needs=("truth", "modes"),
        of="examples",
        unit="share",
        bounds=SHARE,
        notes=("More than real data have means modes that are too narrow.",),
        decides=Deciding("side", 1),
    ),
    "reverse_kl": SampleMetric(
        title="Reverse KL of modes",
        section="ground truth",
        better="lower",
        measure=mode_scores,
        meaning="Kullback-Leibler divergence of the high-quality samples' modes from equal shares.",
        worst_case=("repeat",),
        shape="growing",
        needs=("truth", "modes"),
        of="examples",
        unit="nats",
        bounds=NONNEGATIVE,
        decides=Deciding("side", 6),
    ),
    "mode_width": SampleMetric(
        title="Width of modes",
        section="ground truth",
        better="none",
        measure=mode_scores,
        meaning="Median over modes of their samples' spread over the true one; 1 is right.",
        worst_case=("repeat",),
        needs=("truth", "modes"),
        of="examples",
        bounds=NONNEGATIVE,
    ),
    "true_likelihood": SampleMetric(
        title="Log-likelihood under the truth",
        section="ground truth",
        better="higher",
        measure=true_likelihood,
        meaning="Mean log density of samples under the distribution the data were drawn from.",
        worst_case=("noise",),
        interval=true_likelihood_interval,
        needs=("truth",),
        of="examples",
        unit="nats",
        notes=("More than real data have means samples that crowd at the peaks.",),
        decides=Deciding("side", 7),
    ),
}
