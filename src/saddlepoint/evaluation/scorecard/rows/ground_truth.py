"""Against what is known beyond the examples: their classes, or the distribution they were drawn from."""

from __future__ import annotations

from saddlepoint.evaluation.scorecard import ground_truth_measures
from saddlepoint.evaluation.scorecard.comparison import Context
from saddlepoint.evaluation.scorecard.metric import ALL, COUNT, SHARE, Metric


def _classes(context: Context) -> float:
    """How many the classifier knows."""
    assert context.real.posterior is not None
    return float(context.real.posterior.shape[1])


def _modes(context: Context) -> float:
    """How many the truth has."""
    assert context.truth is not None
    assert context.truth.modes is not None
    return float(len(context.truth.modes))


TRUTHS: dict[str, Metric] = {
    "classifier_score": Metric(
        "Classifier score",
        "higher",
        ground_truth_measures.answers,
        "High where the data's classifier is sure of each sample and finds all classes (as the Inception score).",
        ("repeat",),
        needs=("classifier", "several classes"),
        bounds=(1.0, None),
    ),
    "class_divergence": Metric(
        "Divergence of class shares",
        "lower",
        ground_truth_measures.shares,
        "Kullback-Leibler divergence of the samples' classes from the real examples', as the classifier reads both.",
        ("repeat",),
        shape="growing",
        needs=("classifier", "several classes"),
        unit="nats",
        bounds=COUNT,
    ),
    "classes_covered": Metric(
        "Classes covered",
        "higher",
        ground_truth_measures.shares,
        "Classes that the classifier found among samples.",
        ("repeat",),
        interval=ground_truth_measures.classes_pooled,
        notes=("Where none is rare the count does not vary, and the interval has no width.",),
        needs=("classifier", "several classes"),
        bounds=COUNT,
        most=_classes,
    ),
    "jensen_shannon": Metric(
        "Jensen-Shannon divergence on a grid",
        "lower",
        ground_truth_measures.histograms,
        "Divergence of the two histograms, of as many cells as examples fill, 50 an axis at most; log 2 is the most.",
        ALL,
        shape="growing",
        needs=("plane",),
        of="examples",
        unit="nats",
        bounds=(0.0, 0.6932),
    ),
    "modes_covered": Metric(
        "Modes covered",
        "higher",
        ground_truth_measures.modes,
        "True modes with at least one sample of high quality.",
        ("repeat",),
        interval=ground_truth_measures.modes_pooled,
        notes=("Where none is rare the count does not vary, and the interval has no width.",),
        needs=("truth", "modes"),
        of="examples",
        bounds=COUNT,
        most=_modes,
    ),
    "high_quality": Metric(
        "High-quality samples",
        "higher",
        ground_truth_measures.modes,
        "Share of samples within 3 standard deviations of a true mode.",
        ("noise",),
        interval=ground_truth_measures.share_pooled,
        needs=("truth", "modes"),
        of="examples",
        unit="share",
        bounds=SHARE,
        notes=("More than real data have means modes that are too narrow.",),
    ),
    "reverse_kl": Metric(
        "Reverse KL of modes",
        "lower",
        ground_truth_measures.modes,
        "Kullback-Leibler divergence of the high-quality samples' modes from equal shares.",
        ("repeat",),
        shape="growing",
        needs=("truth", "modes"),
        of="examples",
        unit="nats",
        bounds=COUNT,
    ),
    "mode_width": Metric(
        "Width of modes",
        "none",
        ground_truth_measures.modes,
        "Median over modes of their samples' spread over the true one; 1 is right.",
        ("repeat",),
        needs=("truth", "modes"),
        of="examples",
        bounds=COUNT,
    ),
    "true_likelihood": Metric(
        "Log-likelihood under the truth",
        "higher",
        ground_truth_measures.density,
        "Mean log density of samples under the distribution the data were drawn from.",
        ("noise",),
        interval=ground_truth_measures.density_pooled,
        needs=("truth",),
        of="examples",
        unit="nats",
        notes=("More than real data have means samples that crowd at the peaks.",),
    ),
}
