"""How far the samples are from the data, both taken as a whole."""

from __future__ import annotations

from saddlepoint.evaluation.scorecard import measures
from saddlepoint.evaluation.scorecard.metric import ALL, COUNT, SHARE, Metric

DISTANCES: dict[str, Metric] = {
    "frechet": Metric(
        "Fréchet distance",
        "lower",
        measures.frechet,
        "Distance of the Gaussians fitted to real examples and samples.",
        ALL,
        shape="growing",
        bounds=COUNT,
        notes=(
            "The interval is for the expectation at this number of points, bias included; among equal distributions it is "
            "up to sqrt(2) times too wide.",
        ),
        work=0.7,
    ),
    "frechet_infinity": Metric(
        "Fréchet distance at infinite N",
        "lower",
        measures.extrapolated,
        "The Fréchet distance without its bias in the number of samples.",
        ALL,
        shape="growing",
        biased=measures.not_extrapolated,
        work=3.0,
    ),
    "kernel": Metric(
        "Kernel distance",
        "lower",
        measures.kernel,
        "Squared maximum mean discrepancy, unbiased at any number of samples.",
        ALL,
        interval=measures.kernel_pooled,
        notes=(
            f"Of more than {measures.FEW} features a cubic polynomial, whose size goes with the sixth power of their scale: it "
            "says nothing by itself, but beside real data and a bad generator.",
            "In simulations of a mixture the interval held the expectation in 92 to 94 %.",
        ),
        work=10.0,
    ),
    "energy": Metric(
        "Energy distance",
        "lower",
        measures.energy,
        "How much further samples are from real examples than either among themselves; 0 for one distribution, 1 at most.",
        ALL,
        interval=measures.energy_pooled,
        paired=True,
        bounds=(None, 1.0),
        notes=(
            f"From {measures.PAIRED:,} examples and samples at most. The estimate is unbiased, so it may be slightly below 0 "
            "where there is no difference.",
        ),
        work=3.0,
    ),
    "sliced_wasserstein": Metric(
        "Sliced Wasserstein distance",
        "lower",
        measures.sliced,
        "How far mass must be carried, on average over random directions.",
        ALL,
        shape="root",
        bounds=COUNT,
        work=10.0,
    ),
    "wasserstein": Metric(
        "Wasserstein distance",
        "lower",
        measures.on_a_line,
        "How far mass must be carried on the line, exactly.",
        ALL,
        shape="root",
        notes=("In simulations the interval held the expectation in 91 to 94 %.",),
        needs=("line",),
        bounds=COUNT,
        work=1.0,
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
        work=1.0,
    ),
}
