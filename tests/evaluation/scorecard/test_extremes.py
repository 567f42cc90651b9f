"""The extreme samples agree with a direct search."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.comparison import Context, Points
from saddlepoint.evaluation.scorecard.extremes import Extremes, extremes
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.settings import AssessmentSettings
from tests.evaluation.scorecard import toys


def find_extremes(
    samples: Tensor, train: Tensor, real: Tensor, *, honest: Tensor | None = None, shown: int = 4
) -> Extremes:
    context = Context(Points(real, distance=honest), Points(train), None, 0, samples.shape[1])
    return extremes(
        FeatureSets("raw", context, (Points(samples),), Points(train), {}), samples, train, real, shown=shown
    )


def test_pairs_are_those_of_a_search_by_hand() -> None:
    samples, train, real = (torch.randn(n, 3, generator=torch.Generator().manual_seed(n)) for n in (50, 200, 40))
    found = find_extremes(samples, train, real)
    to_train = torch.cdist(samples.double(), train.double())
    to_either = torch.cdist(samples.double(), torch.cat([train, real]).double())
    nearest = to_train.min(1)
    assert torch.equal(found.nearest.samples[0], samples[nearest.values.argmin()])
    assert torch.equal(found.nearest.examples[0], train[nearest.indices[nearest.values.argmin()]])
    far = to_either.min(1)
    order = far.values.argsort(descending=True)[:4]
    assert torch.equal(found.farthest.samples, samples[order])
    assert torch.equal(found.farthest.examples, torch.cat([train, real])[far.indices[order]])
    for pairs in (found.nearest, found.farthest):
        torch.testing.assert_close(pairs.distance, (pairs.samples - pairs.examples).norm(dim=1))
    assert found.nearest.distance.diff().min() >= 0
    assert found.farthest.distance.diff().max() <= 0


def test_an_injected_copy_comes_first_and_so_does_an_outlier() -> None:
    samples, train, real = (torch.randn(n, 2, generator=torch.Generator().manual_seed(n)) for n in (50, 200, 40))
    samples[7], samples[9] = train[11], torch.tensor([90.0, 90.0])
    found = find_extremes(samples, train, real)
    assert torch.equal(found.nearest.samples[0], train[11])
    assert float(found.nearest.distance[0]) == 0
    assert torch.equal(found.farthest.samples[0], samples[9])


def test_no_example_appears_twice_however_often_it_is_copied() -> None:
    train = torch.arange(20.0)[:, None] * 10
    samples = torch.cat([train[:1].expand(30, 1), train[1:3] + 1])
    found = find_extremes(samples, train, train[:5] + 4)
    assert found.nearest.examples.flatten().tolist() == [0.0, 10.0, 20.0]


def test_a_sample_far_from_training_but_near_a_held_out_example_is_not_far() -> None:
    train = torch.zeros(5, 1)
    real, samples = torch.tensor([[50.0], [60.0]]), torch.tensor([[50.0], [5.0]])
    found = find_extremes(samples, train, real, honest=torch.tensor([2.0, 4.0]))
    assert found.farthest.samples.flatten().tolist() == [5.0, 50.0]
    assert found.farthest.examples.flatten().tolist() == [0.0, 50.0]
    assert found.honest in (2.0, 4.0)
    assert find_extremes(samples, train, real).honest is None


def test_known_distances_are_not_computed_again() -> None:
    samples, train, real = (torch.randn(n, 3, generator=torch.Generator().manual_seed(n)) for n in (50, 200, 40))
    known = torch.cdist(samples.double(), train.double()).amin(1).float()
    context = Context(Points(real), Points(train), None, 0, 3)
    sides = FeatureSets("raw", context, (Points(samples, distance=known),), Points(train), {})
    one, other = extremes(sides, samples, train, real, shown=4), find_extremes(samples, train, real)
    for first, second in ((one.nearest, other.nearest), (one.farthest, other.farthest)):
        assert torch.equal(first.samples, second.samples)
        assert torch.equal(first.examples, second.examples)


@pytest.mark.slow
def test_an_assessment_gives_them_once_and_its_scores_do_not_depend_on_them() -> None:
    data = toys.dataset(toys.PLANE)
    settings = AssessmentSettings(samples=60, seeds=1, resamples=5)
    received: list[Extremes] = []
    names = [toys.oracle(data), "raw"]
    with_them = assess(toys.perfect(data), data, settings, names, on_extremes=received.append)
    without = assess(toys.perfect(data), data, settings, names)
    assert repr(with_them.scores) == repr(without.scores)
    (found,) = received
    assert (found.features, found.number) == ("values", 60)
    assert found.honest is not None
