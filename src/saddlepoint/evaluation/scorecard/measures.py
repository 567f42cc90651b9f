"""From two sets to named numbers: each function calls one metric the way a scorecard uses it.

Where one computation gives several scores, its function gives them all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.bins import different_bins
from saddlepoint.evaluation.metrics.diversity import birthday_test, mean_distance, vendi_score
from saddlepoint.evaluation.metrics.energy import energy_coefficient, energy_interval
from saddlepoint.evaluation.metrics.frechet import frechet_distance, frechet_infinity
from saddlepoint.evaluation.metrics.kernel import Kernel, gaussian, kernel_distance, median_width, polynomial
from saddlepoint.evaluation.metrics.memorisation import data_copying
from saddlepoint.evaluation.metrics.neighbours import neighbourhoods
from saddlepoint.evaluation.metrics.transport import sliced_wasserstein, wasserstein
from saddlepoint.evaluation.metrics.two_sample import TRIALS, Classifier, classifier_test
from saddlepoint.evaluation.scorecard.comparison import Comparison
from saddlepoint.evaluation.statistics.intervals import Interval, wilson

NEIGHBOURS, BALLS = 3, 5  # of precision and recall, of density and coverage: as published
DIRECTIONS = 200
PAIRED = 1_000  # points a set of which all pairs of distances are held in double precision
SPECTRUM = 1_000  # points of which a matrix of similarities is diagonalised
JUDGED = 5_000  # points a set that a classifier is trained on
BATCH_SHARE = 10  # a birthday batch is this part of the samples
BATCHES = 20
FEW = 16  # features among which nearest neighbours still mean closeness, and a straight line sees too little
FEWEST = 20  # held-out examples behind the threshold for near copies
NEAR = 0.01  # the share of honest points that are nearer to the training examples than the threshold

Values = Mapping[str, float]


def frechet(c: Comparison) -> Values:
    """Fréchet distance."""
    return {"frechet": frechet_distance(*c.features())}


def extrapolated(c: Comparison) -> Values:
    """Fréchet distance at infinitely many points."""
    return {"frechet_infinity": frechet_infinity(*c.features(), generator=c.context.generator()).value}


def not_extrapolated(c: Comparison) -> float:
    """Fréchet distance at this number of points."""
    return frechet_distance(*c.features())


def kernel(c: Comparison) -> Values:
    """Kernel distance of one seed."""
    return {"kernel": kernel_distance(*c.features(), kernel=_kernel(c)).value}


def kernel_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """All samples at once: the estimate has no bias that would depend on how many there are."""
    fakes = torch.cat([c.fake.features for c in comparisons])
    return kernel_distance(comparisons[0].real.features, fakes, kernel=_kernel(comparisons[0])).interval


def _kernel(c: Comparison) -> Kernel:
    """The polynomial of the published kernel distance; where features are few, three moments say too little of them."""
    return gaussian(c.context.width) if c.context.dimension <= FEW else polynomial


def neighbours(c: Comparison) -> Values:
    """Precision, recall, density and coverage."""
    found = neighbourhoods(*c.features(), k=NEIGHBOURS, density_k=BALLS)
    return {
        "precision": found.precision,
        "recall": found.recall,
        "density": found.density,
        "coverage": found.coverage,
    }


def two_sample(c: Comparison) -> Values:
    """Accuracy: by nearest neighbours among few features, else by a logistic regression."""
    classifier: Classifier = "neighbours" if c.context.dimension <= FEW else "logistic"
    test = classifier_test(*c.features(JUDGED), classifier=classifier, seed=c.context.seed)
    return {"two_sample": test.accuracy.value}


def two_sample_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """Around the mean of all sampling seeds, which share the real points."""
    n = TRIALS * min(map(len, comparisons[0].features(JUDGED)))
    # Half of the answers are about samples, of which every seed has its own.
    trials = n * 2 * len(values) / (len(values) + 1)
    return wilson(_mean(values) * trials, trials)


def sliced(c: Comparison) -> Values:
    """Sliced Wasserstein distance along fixed directions."""
    distance, _ = sliced_wasserstein(*c.features(), generator=c.context.generator(), directions=DIRECTIONS)
    return {"sliced_wasserstein": distance}


def on_a_line(c: Comparison) -> Values:
    """Exact Wasserstein distance of the first feature."""
    return {"wasserstein": float(wasserstein(*c.features())[0])}


def energy(c: Comparison) -> Values:
    """Energy coefficient."""
    real, fake = c.features(PAIRED)
    return {"energy": float(energy_coefficient(real.double(), fake.double()))}


def energy_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """All samples at once, as the estimate has no bias that would depend on how many there are."""
    real = comparisons[0].features(PAIRED)[0].double()
    return energy_interval(real, torch.cat([c.features(PAIRED)[1] for c in comparisons]).double())


def spectrum(c: Comparison) -> Values:
    """Vendi score by distances, on the scale of the real examples, which varies with them."""
    width = c.context.width if c.share == 1 else median_width(c.real.features, c.real.features)
    return {"vendi": vendi_score(c.features(SPECTRUM)[1], width=width)}


def spread(c: Comparison) -> Values:
    """Mean distance of samples over that of the real examples."""
    real, fake = map(mean_distance, c.features(PAIRED))
    if real == 0:
        raise DataError("all real examples have the same features, so there is no distance to compare with.")
    return {"spread": fake / real}


def birthday(c: Comparison) -> Values:
    """Support by the birthday test."""
    real, fake = c.features()
    found = birthday_test(fake, real, size=_batch(c), generator=c.context.generator(), batches=BATCHES)
    return {"birthday": found.support}


def birthday_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From the share of batches with a duplicate, over the batches of all seeds."""
    size = _batch(comparisons[0])
    shares = [
        0.0 if value == math.inf else 1.0 if value == 0 else -math.expm1(-(size**2) / 2 / value) for value in values
    ]
    share = wilson(_mean(shares) * BATCHES * len(values), BATCHES * len(values))
    value, low, high = (_support(one, size) for one in (share.value, share.high, share.low))
    return Interval(value, low, high)


def _batch(c: Comparison) -> int:
    return max(2, len(c.fake) // BATCH_SHARE)


def _support(share: float, size: int) -> float:
    """Different samples that give duplicates in this share of batches of `size`; as in `birthday_test`."""
    return math.inf if share < 1e-9 else 0.0 if share > 1 - 1e-9 else size**2 / (-2 * math.log1p(-share))


def cells(c: Comparison) -> Values:
    """Share of different bins."""
    found = different_bins(c.context.bins, c.fake.features)
    return {"bins": found.different / len(found.z)}


def cells_pooled(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """Over the cells of all seeds, taken as independent: the training examples' shares are given."""
    trials = sum(different_bins(c.context.bins, c.fake.features).trials for c in comparisons)
    return wilson(_mean(values) * trials, trials)


def copying(c: Comparison) -> Values:
    """C_T by the distances to all training examples, in the scale of the whole sets: it grows with the root of N."""
    train, held_out, samples = _on_a_line(c)
    return {"data_copying": data_copying(train, held_out, samples).statistic / math.sqrt(c.share)}


def near_copies(c: Comparison) -> Values:
    """The threshold is the held-out examples' own, which varies with them: more than the share of samples does."""
    honest = _distances(c.real.distance)
    if len(honest) < max(2, round(FEWEST * c.share)):
        raise DataError(f"{len(honest)} held-out examples do not show how near honest samples are; it needs {FEWEST}.")
    threshold = honest.double().quantile(NEAR)
    return {"near_copies": float((_distances(c.fake.distance) < threshold).double().mean())}


def _on_a_line(c: Comparison) -> tuple[Tensor, Tensor, Tensor]:
    """Training example, held-out examples and samples with the distances they have, found once, as points on a line."""
    train = torch.zeros(1, 1)
    return train, _distances(c.real.distance)[:, None], _distances(c.fake.distance)[:, None]


def _distances(distance: Tensor | None) -> Tensor:
    assert distance is not None
    return distance


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
