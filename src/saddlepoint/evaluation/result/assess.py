"""From samples to a result: measure every aspect, then decide the level by all of them.

Samples and data are "not told apart" where no test finds a difference, at a level of 5 % for both tests together, and no
aspect is far from that of real examples. Otherwise the worst aspect decides, since a model that is bad in one of them is bad:
sharp pictures of one class are not close to data of ten classes. The thresholds were chosen on the calibration half of
`benchmarks/verdict.py`: "close" is the lowest share, in steps of 0.01, at which at least 97 % of the sets called close are
close by the ground truth. That is stricter than the goal of 95 %, since a threshold does slightly worse on other sets than
those that it was chosen on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.missing_labels import has_missing_labels
from saddlepoint.evaluation.monitors.quality import affordable, parts
from saddlepoint.evaluation.result import aspects, copies, groups
from saddlepoint.evaluation.result.equality_tests import Trial
from saddlepoint.evaluation.result.feature_space import FeatureSpace, Map, feature_space, value_space, visible_values
from saddlepoint.records.result import (
    CLOSE,
    FAR,
    HELD_OUT,
    NOT_TOLD_APART,
    PARTLY,
    TRAINING,
    Aspect,
    Result,
    ResultLevel,
)

MOST = 1_000  # samples that are compared with as many real examples; more reveal smaller differences and take longer
LEAST = 20  # real examples that a level needs
SEARCHED = 20_000  # training examples that copies are searched among
LABELLED = 3_000  # training examples whose labels classify samples
VALUED = 500  # examples whose single values classifiers are trained on, which is slow
CHANCE = 0.05  # probability that the tests find a difference where there is none
# The share below which an aspect distinguishes samples from real examples, whatever the tests find. Among few points, where
# shares of real examples scatter too, it is lower by this many standard deviations of a share of one half.
UNNOTICED, SCATTER = 0.8, 3.0
CLOSE_SHARE, PARTLY_SHARE = 0.79, 0.25


@dataclass(frozen=True, eq=False)
class Reference:
    """What samples of one dataset are compared with; computed once, for any number of sets of samples.

    Attributes:
        space: the map to the points that are compared.
        responses: (N, D) of the examples that samples are compared with; see `FeatureSpace`.
        visible: the map to single values, and those of the first `VALUED` of these examples; None for vectors, series and texts.
        real: (N, d) points of the examples that samples are compared with.
        other: (M, D) points of other real examples, whose scores are the best to expect.
        values: the map to the points that copies are searched among.
        train: (T, d) such points of training examples.
        held_out: (H, d) such points of held-out examples; None where nothing is held out.
        against: what `real` are, in words.
        classes: classifies samples; None without labels.
    """

    dataset: Dataset
    space: FeatureSpace
    responses: Tensor
    visible: tuple[Map, Tensor] | None
    real: Tensor
    other: Tensor
    values: FeatureSpace
    train: Tensor
    held_out: Tensor | None
    against: str
    classes: groups.Classes | None

    @classmethod
    def of(cls, dataset: Dataset, *, seed: int = 0, most: int = MOST) -> Reference:
        """Fit the space and draw the examples, by a generator of this seed.

        Args:
            dataset: at least two examples.
            seed: of the split's generator; the same seed compares with the same examples.
            most: real examples that samples are compared with.
        """
        generator = torch.Generator().manual_seed(seed)
        space, values = feature_space(dataset, seed), value_space(dataset, seed)
        most = affordable(most, dataset.event.size)
        order = torch.randperm(len(dataset), generator=generator)
        train = torch.cat([values(dataset.x[rows]) for rows in parts(order[:SEARCHED], dataset.event.size)])
        labels = None if has_missing_labels(dataset) or dataset.y is None else dataset.y[order]
        held_out = dataset.held_out
        if held_out is not None and len(held_out) >= LEAST:
            rows = torch.randperm(len(held_out), generator=generator)[:most]
            compared = held_out.x[rows]
            responses = space.responses(compared)
            real = space.projection(responses)
            learnt = space(dataset.x[order[: max(len(real), LABELLED if labels is not None else 0)]])
            other, copied_from, against = learnt[: len(real)], values(compared), HELD_OUT
            real_labels = None if held_out.y is None else held_out.y[rows]
        else:
            half = min(most, len(order) // 2)
            compared = dataset.x[order[:half]]
            responses = space.responses(compared)
            real, other = space.projection(responses), space(dataset.x[order[half : 2 * half]])
            copied_from, against = None, TRAINING
            real_labels = None if labels is None else labels[:half]
            learnt, labels = other, None if labels is None else labels[half:]
        classes = None
        known = dataset.truth is not None and dataset.truth.modes is not None  # modes are scored instead of classes
        if not known and labels is not None and real_labels is not None and min(len(learnt), len(real)) >= LEAST:
            classes = groups.Classes(learnt, labels[: len(learnt)], real, real_labels)
        visible = None
        if dataset.event.has_neighbours:
            pixels = visible_values(dataset, seed)
            visible = pixels, pixels(compared[:VALUED])
        return cls(dataset, space, responses, visible, real, other, values, train, copied_from, against, classes)

    def trials(self, samples: Tensor, responses: Tensor, fake: Tensor) -> list[Trial]:
        """The points that classifiers are trained to distinguish.

        Args:
            samples: (M, *event).
            responses: (M, D) theirs.
            fake: (M, d) their points.
        """
        if self.visible is None:
            return [Trial(self.real, fake, ("logistic", "neighbours", "trees"))]
        pixels, real = self.visible
        return [
            Trial(self.real, fake, ("neighbours",)),
            Trial(self.responses, responses, ("regularised",)),
            Trial(real, pixels(samples[:VALUED]), ("trees",)),
        ]


def assess_result(
    samples: Tensor, dataset: Dataset, *, seed: int = 0, reference: Reference | None = None, most: int = MOST
) -> Result:
    """How close samples are to the data, decided by all aspects together.

    Args:
        samples: (N, *event) in the data's units; the first `most` of them are compared.
        dataset: the data, with the held-out part that samples are compared with. Where less than 20 examples are held
            out, training examples take their place, and the result says so.
        seed: of the real examples that are drawn, and of the tests.
        reference: `Reference.of(dataset, seed=seed, most=most)`, if it was computed before.
        most: how many samples and real examples are compared.

    Returns:
        The result; without a level where samples are not finite or too few, or examples are too few.
    """
    size = dataset.event.size
    if len(dataset) < 2:
        return Result.not_measured(f"{len(dataset)} training example, too few to compare with")
    count = min(len(samples), affordable(most, size))
    samples = samples[:count].cpu()
    if samples.is_floating_point() and not samples.isfinite().all():
        return Result.not_measured("samples hold numbers that are not finite")
    reference = reference or Reference.of(dataset, seed=seed, most=most)
    if min(count, len(reference.real)) < LEAST:
        there = f"{len(reference.real)} real examples" if count >= LEAST else f"{count} samples"
        return Result.not_measured(f"{there} to compare, too few: {LEAST} are needed")
    responses = reference.space.responses(samples)
    fake = reference.space.projection(responses)
    if not fake.isfinite().all():
        return Result.not_measured("samples lie too far from the data to be measured")
    found = _measure_aspects(samples, fake, reference, reference.trials(samples, responses, fake), seed)
    ranked = tuple(sorted(found, key=lambda aspect: aspect.share))
    level = _level(ranked, min(count, len(reference.real)))
    real = len(reference.real)
    return Result(level, _score(ranked), count, reference.space.name, ranked, reference.against, real=real)


def _measure_aspects(
    samples: Tensor, fake: Tensor, reference: Reference, trials: list[Trial], seed: int
) -> list[Aspect]:
    real, other, truth = reference.real, reference.other, reference.dataset.truth
    found: list[Aspect | None] = [
        aspects.distance_aspect(real, fake, seed),
        aspects.two_sample_aspect(trials, seed),
        *aspects.overlap_aspects(real, fake, other),
        aspects.spread_aspect(real, fake),
        *groups.mode_aspects(samples.flatten(1).double(), truth),
        *(reference.classes.aspects(fake) if reference.classes is not None else ()),
        copies.novelty_aspect(reference.train, reference.held_out, reference.values(samples)),
    ]
    return [aspect for aspect in found if aspect is not None]


def _level(found: tuple[Aspect, ...], points: int) -> ResultLevel:
    tests = [aspect.p_value for aspect in found if aspect.p_value is not None]
    worst = found[0].share
    if worst >= UNNOTICED - SCATTER / math.sqrt(4 * points) and min(tests) * len(tests) > CHANCE:
        return NOT_TOLD_APART
    if worst >= CLOSE_SHARE:
        return CLOSE
    return PARTLY if worst >= PARTLY_SHARE else FAR


def _score(found: tuple[Aspect, ...]) -> float:
    """The mean share, which distinguishes results of one level; the worst share alone is too coarse for that.

    Among mixtures of the mean with the worst share (weights 0, 1/4, 1/2, 3/4 and 1), the mean has the highest minimum, over
    the data sets of the calibration half, of the rank correlation with the ground truth.
    """
    return math.fsum(aspect.share for aspect in found) / len(found)
