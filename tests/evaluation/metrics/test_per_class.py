import dataclasses
import math

import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.per_class import class_reports, likeliest_labels
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.statistics.intervals import wilson_interval

NAMES = ("left", "middle", "right")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def clusters(n=300, seed=0, width=1.0):
    """(n, 2) points of three far clusters, equally many, and their labels."""
    y = torch.arange(n) % 3
    x = width * torch.randn(n, 2, generator=seeded(seed), dtype=torch.float64)
    x[:, 0] += 20.0 * (y - 1)
    return x, y


def reports(samples, labels, **arguments):
    return class_reports(*clusters(), samples, labels, NAMES, generator=seeded(), **arguments)


def test_perfect_samples_score_as_well_in_every_class():
    for report in reports(*clusters(seed=1)):
        assert (report.real, report.samples) == (100, 100)
        assert report.real_share == report.share.value == pytest.approx(1 / 3)
        assert 1 / 3 in report.share
        assert 1 in report.relative_diversity
        assert report.precision.value > 0.8
        assert report.recall.value > 0.8


def test_shares_are_wilsons():
    x, y = clusters(seed=1)
    kept = (y != 0) | (torch.arange(len(y)) < 90)
    report = reports(x[kept], y[kept])[0]
    assert report.share == wilson_interval(30, 230)


def test_means_over_classes_are_the_whole():
    real, samples = clusters(), clusters(seed=1)
    found = reports(*samples)
    whole = neighbourhoods(real[0], samples[0])
    assert sum(r.precision.value * r.samples for r in found) / 300 == pytest.approx(whole.precision)
    assert sum(r.recall.value * r.real for r in found) / 300 == pytest.approx(whole.recall)


def test_diversity_is_the_mean_distance_within_the_class():
    x, y = clusters(seed=1)
    pairs = torch.pdist(x[y == 2])
    report = reports(x, y)[2]
    assert report.diversity == pytest.approx(float(pairs.mean()))
    assert report.relative_diversity.value == pytest.approx(report.diversity / report.real_diversity)


def test_a_dropped_class_is_detected_in_that_class_only():
    x, y = clusters(seed=1)
    left, middle, right = reports(x[y != 1], y[y != 1])
    assert middle.samples == middle.share.value == middle.share.low == 0
    assert middle.precision is middle.diversity is middle.relative_diversity is None
    assert middle.recall.value == 0
    assert 1 / 3 not in middle.share
    for other in (left, right):
        assert other.precision.value > 0.8
        assert other.recall.value > 0.8


def test_a_class_of_one_repeated_sample_is_detected():
    x, y = clusters(seed=1)
    x[y == 0] = x[0].clone()
    left, middle, _ = reports(x, y)
    assert left.relative_diversity.value == pytest.approx(0, abs=1e-6)
    assert left.recall.value < 0.1
    assert middle.relative_diversity.value > 0.7


def test_a_class_of_noise_is_detected():
    x, y = clusters(seed=1)
    x[y == 2, 1] += 50
    _, middle, right = reports(x, y)
    assert right.precision.value == right.recall.value == 0
    assert middle.precision.value > 0.8


def test_a_narrow_class_is_less_diverse():
    narrow, y = clusters(seed=1, width=0.3)
    for report in reports(narrow, y):
        assert report.relative_diversity.high < 0.6


def test_order_does_not_matter_but_to_the_intervals():
    (x, y), order = clusters(seed=1), torch.randperm(300, generator=seeded(5))
    for one, other in zip(reports(x, y), reports(x[order], y[order]), strict=True):
        assert other.share == one.share
        assert other.precision.value == pytest.approx(one.precision.value)
        assert other.recall.value == pytest.approx(one.recall.value)
        assert other.diversity == pytest.approx(one.diversity)


def test_intervals_hold_their_value_are_proper_and_no_narrower_than_wilsons():
    for report in reports(*clusters(seed=1)):
        for found in (report.precision, report.recall):
            least = wilson_interval(found.value * 100, 100)
            assert 0 <= found.low <= least.low <= found.value <= least.high <= found.high <= 1


@pytest.mark.slow
def test_the_interval_of_diversity_has_about_its_nominal_coverage():
    hits = 0
    for seed in range(60):
        x, y = clusters(n=90, seed=seed)
        real, real_labels = clusters(n=90, seed=1_000 + seed)
        (report, *_) = class_reports(real, real_labels, x, y, NAMES, generator=seeded(seed))
        hits += 1 in report.relative_diversity
    assert hits >= 50  # 57 expected; below 50 with a probability under one in a thousand


def test_a_class_with_too_few_samples_is_reported_and_not_scored():
    x, y = clusters(seed=1)
    kept = (y != 0) | (torch.arange(len(y)) < 12)
    left = reports(x[kept], y[kept])[0]
    assert left.samples == 4
    assert left.precision is left.diversity is left.relative_diversity is None
    assert "precision too few" in str(left)
    assert left.share.value > 0


def test_the_row_of_a_scorecard_agrees():
    x, y = clusters(seed=1)
    report = reports(x, y)[0]
    row = report.scores
    assert (row.name, row.share, row.low, row.high) == ("left", report.share.value, report.share.low, report.share.high)
    assert (row.precision, row.recall) == (report.precision.value, report.recall.value)
    assert (row.diversity, row.real_diversity) == (report.diversity, report.real_diversity)
    nothing = dataclasses.replace(report, precision=None, recall=None)
    assert nothing.scores.precision is nothing.scores.recall is None


def test_labels_are_the_likeliest_class():
    assert likeliest_labels(torch.tensor([[0.1, 0.9], [0.8, 0.2]])).tolist() == [1, 0]
    for wrong in (torch.rand(3), torch.rand(0, 2), torch.full((2, 2), math.nan)):
        with pytest.raises(DataError, match="class probabilities"):
            likeliest_labels(wrong)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.zeros(299, dtype=torch.int64), "one whole number a point"),
        (torch.zeros(300), "one whole number a point"),
        (torch.full((300,), 3), "run from 3 to 3, but there are 3 class names"),
        (torch.full((300,), -1), "run from -1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(DataError, match=message):
        reports(clusters(seed=1)[0], labels)
