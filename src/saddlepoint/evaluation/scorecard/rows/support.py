"""Where samples are: among real examples, in all regions of the data, repeated, or on training examples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.bins import different_bins
from saddlepoint.evaluation.metrics.diversity import birthday_test, mean_distance, vendi_score
from saddlepoint.evaluation.metrics.kernel import median_width
from saddlepoint.evaluation.metrics.memorisation import data_copying
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.scorecard.comparison import ALL_PAIRS, Comparison
from saddlepoint.evaluation.scorecard.metric_types import NOISE_AND_REPEAT, NONNEGATIVE, SHARE, Deciding, SampleMetric
from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval

NEIGHBOURS, BALLS = 3, 5  # neighbours of precision and recall, of density and coverage: as published
SPECTRUM = 1_000  # points whose matrix of similarities is diagonalised
BATCH_SHARE = 10  # a birthday batch is this part of the samples
BATCHES = 20
FEWEST = 20  # held-out examples behind the threshold for near copies
NEAR = 0.01  # the share of honest points that are nearer to the training examples than the threshold
PAST_BASELINE = "More than real data have is not better."

Values = Mapping[str, float]


def neighbour_scores(c: Comparison) -> Values:
    """Precision, recall, density and coverage."""
    found = neighbourhoods(*c.features(), k=NEIGHBOURS, density_k=BALLS)
    return {
        "precision": found.precision,
        "recall": found.recall,
        "density": found.density,
        "coverage": found.coverage,
    }


def bin_share(c: Comparison) -> Values:
    """Share of different bins."""
    found = different_bins(c.context.bins, c.fake.features)
    return {"bins": found.different / len(found.z)}


def bin_share_interval(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """Over the bins of all seeds, taken as independent; the training examples' shares are given."""
    trials = sum(different_bins(c.context.bins, c.fake.features).trials for c in comparisons)
    return wilson_interval(sum(values) / len(values) * trials, trials)


def vendi(c: Comparison) -> Values:
    """Vendi score by distances, on the scale of the real examples, which varies with them."""
    width = c.context.width if c.share == 1 else median_width(c.real.features, c.real.features)
    return {"vendi": vendi_score(c.features(SPECTRUM)[1], width=width)}


def spread(c: Comparison) -> Values:
    """Mean distance between samples over that between real examples."""
    real, fake = map(mean_distance, c.features(ALL_PAIRS))
    if real == 0:
        raise DataError("all real examples have the same features, so there is no distance to compare with.")
    return {"spread": fake / real}


def birthday(c: Comparison) -> Values:
    """Number of different samples by the birthday test."""
    real, fake = c.features()
    found = birthday_test(fake, real, size=_batch_size(c), generator=c.context.generator(), batches=BATCHES)
    return {"birthday": found.support}


def birthday_interval(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From the share of batches with a duplicate, over the batches of all seeds."""
    size = _batch_size(comparisons[0])
    shares = [
        0.0 if value == math.inf else 1.0 if value == 0 else -math.expm1(-(size**2) / 2 / value) for value in values
    ]
    share = wilson_interval(sum(shares) / len(shares) * BATCHES * len(values), BATCHES * len(values))
    value, low, high = (_number_of_samples(one, size) for one in (share.value, share.high, share.low))
    return Interval(value, low, high)


def _batch_size(c: Comparison) -> int:
    return max(2, len(c.fake) // BATCH_SHARE)


def _number_of_samples(share: float, size: int) -> float:
    """Different samples that give duplicates in this share of batches of `size`; as in `birthday_test`."""
    return math.inf if share < 1e-9 else 0.0 if share > 1 - 1e-9 else size**2 / (-2 * math.log1p(-share))


def near_copies(c: Comparison) -> Values:
    """Share of near copies. The threshold is the held-out examples' own, which varies more than the share does."""
    honest = _to_training(c.real.distance)
    if len(honest) < max(2, round(FEWEST * c.share)):
        raise DataError(f"{len(honest)} held-out examples do not show how near honest samples are; it needs {FEWEST}.")
    threshold = honest.double().quantile(NEAR)
    return {"near_copies": float((_to_training(c.fake.distance) < threshold).double().mean())}


def copying(c: Comparison) -> Values:
    """C_T by the distances to all training examples, in the scale of the whole sets: it grows with the root of N.

    Training example, held-out examples and samples are given as points on a line at the distances that were computed before.
    """
    train = torch.zeros(1, 1)
    held_out, samples = (_to_training(part.distance)[:, None] for part in (c.real, c.fake))
    return {"data_copying": data_copying(train, held_out, samples).statistic / math.sqrt(c.share)}


def _to_training(distance: Tensor | None) -> Tensor:
    assert distance is not None
    return distance


METRICS: dict[str, SampleMetric] = {
    "precision": SampleMetric(
        title="Precision",
        section="quality and diversity",
        better="higher",
        measure=neighbour_scores,
        meaning="Share of samples that lie among real examples.",
        worst_case=("noise",),
        unit="share",
        bounds=SHARE,
        work=34.0,
        decides=Deciding("side", 2),
    ),
    "recall": SampleMetric(
        title="Recall",
        section="quality and diversity",
        better="higher",
        measure=neighbour_scores,
        meaning="Share of real examples that lie among samples.",
        worst_case=("repeat",),
        unit="share",
        bounds=SHARE,
        share_of="examples",
        decides=Deciding("side", 3),
    ),
    "density": SampleMetric(
        title="Density",
        section="quality and diversity",
        better="higher",
        measure=neighbour_scores,
        meaning="How many real neighbourhoods a sample lies in; about 1 for real data.",
        worst_case=("noise",),
        bounds=NONNEGATIVE,
        notes=("Above 1 where samples crowd in dense regions.",),
        decides=Deciding("side", 4),
    ),
    "coverage": SampleMetric(
        title="Coverage",
        section="quality and diversity",
        better="higher",
        measure=neighbour_scores,
        meaning="Share of real neighbourhoods that hold a sample.",
        worst_case=("repeat",),
        unit="share",
        bounds=SHARE,
        share_of="examples",
        decides=Deciding("side", 0),
    ),
    "bins": SampleMetric(
        title="Different bins (NDB / K)",
        section="quality and diversity",
        better="lower",
        measure=bin_share,
        meaning="Share of the data's regions that samples visit too often or too rarely, each tested at 5 %.",
        worst_case=NOISE_AND_REPEAT,
        interval=bin_share_interval,
        notes=(
            "In simulations the interval held the expectation in 91 % of cases for real data, and in 95 % for samples.",
        ),
        baseline="held-out",  # the regions were fitted to training examples, which visit them exactly as often
        unit="share",
        bounds=SHARE,
        work=0.5,
        decides=Deciding("side", 11),
    ),
    "vendi": SampleMetric(
        title="Vendi diversity",
        section="quality and diversity",
        better="higher",
        measure=vendi,
        meaning="The effective number of unlike samples.",
        worst_case=("repeat",),
        bounds=(1.0, None),
        notes=(f"Of {SPECTRUM:,} samples at most. Blind to quality: noise is diverse. {PAST_BASELINE}",),
        work=5.0,
        decides=Deciding("side", 12),
    ),
    "spread": SampleMetric(
        title="Mean distance of samples",
        section="quality and diversity",
        better="higher",
        measure=spread,
        meaning="The mean distance between two samples over that between two real examples.",
        worst_case=("repeat",),
        bounds=NONNEGATIVE,
        notes=(PAST_BASELINE,),
        work=1.0,
        decides=Deciding("side", 13),
    ),
    "birthday": SampleMetric(
        title="Different samples (birthday test)",
        section="quality and diversity",
        better="higher",
        measure=birthday,
        meaning="About how many different samples the model can make; infinite where no two were alike.",
        worst_case=("repeat",),
        interval=birthday_interval,
        bounds=NONNEGATIVE,
        notes=(
            "The interval takes the closest pair of real examples, which defines what counts as alike, as given; in simulations it "
            "held the expected share of batches with a duplicate in 90 to 95 % of cases. Other real examples change the score by more.",
        ),
        work=4.0,
        decides=Deciding("side", 14),
    ),
    "near_copies": SampleMetric(
        title="Near copies of training examples",
        section="quality and diversity",
        better="lower",
        measure=near_copies,
        meaning=f"Share of samples nearer to a training example than all but {NEAR:.0%} of held-out examples are.",
        worst_case=("copies",),
        needs=("held-out",),
        baseline="split half",
        unit="share",
        bounds=SHARE,
        decides=Deciding("side", 15),
    ),
    "data_copying": SampleMetric(
        title="Data copying C_T",
        section="quality and diversity",
        better="none",
        measure=copying,
        meaning="Whether samples lie nearer to training examples than held-out examples do, as a normal score.",
        worst_case=("copies",),
        needs=("held-out",),
        baseline="split half",
        notes=(
            "Below 0: nearer to training examples than honest data, down to copies; above 0: too far from them. 0 is best. "
            "Collapse, too, moves it far from 0, to either side: read recall, coverage and diversity before you take it for "
            "copying.",
        ),
    ),
}
