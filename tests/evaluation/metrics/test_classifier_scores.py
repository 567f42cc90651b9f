import math

import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.classifier_scores import category_report, classifier_score, covered_interval


def test_sure_and_even_is_the_number_of_classes():
    assert classifier_score(torch.eye(5).repeat(4, 1))[0] == pytest.approx(5)


@pytest.mark.parametrize("probabilities", [torch.full((9, 5), 0.2), torch.eye(5)[:1].repeat(9, 1)])
def test_unsure_or_one_class_is_one(probabilities):
    assert classifier_score(probabilities)[0] == pytest.approx(1)


def test_it_is_its_definition():
    p = torch.rand(40, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64).square()
    p = p / p.sum(1, keepdim=True)
    expected = (p * (p.log() - p.mean(0).log())).sum(1).mean().exp()
    assert classifier_score(p)[0] == pytest.approx(float(expected))
    mean, deviation = classifier_score(p, splits=4)
    parts = torch.tensor([classifier_score(part)[0] for part in p.split(10)])
    assert (mean, deviation) == (pytest.approx(float(parts.mean())), pytest.approx(float(parts.std()), rel=1e-5))


def test_a_dropped_class_lowers_it_and_a_wrong_share_too():
    even, dropped = torch.eye(4).repeat(10, 1), torch.eye(4)[:3].repeat(10, 1)
    uneven = torch.cat([even, torch.eye(4)[:1].repeat(20, 1)])
    assert classifier_score(dropped)[0] == pytest.approx(3)
    assert classifier_score(uneven)[0] < classifier_score(even)[0]


@pytest.mark.parametrize(
    "broken", [torch.randn(5, 3), torch.full((5, 3), torch.nan), torch.ones(5, 3), torch.ones(3), torch.ones(0, 3)]
)
def test_invalid_probabilities_are_refused(broken):
    with pytest.raises(DataError):
        classifier_score(broken)


def test_categories_are_counted():
    found = category_report(torch.tensor([0, 0, 1, 3]), 4)
    assert found.covered == 3
    assert found.shares.tolist() == [0.5, 0.25, 0, 0.25]
    assert found.kl == pytest.approx(math.log(4) - 1.5 * math.log(2))
    assert found.expected_kl == 3 / 8


def test_perfect_labels_score_the_minimum():
    generator = torch.Generator().manual_seed(0)
    found = [category_report(torch.randint(100, (5_000,), generator=generator), 100) for _ in range(30)]
    assert sum(one.kl for one in found) / 30 == pytest.approx(found[0].expected_kl, rel=0.1)
    assert found[0].covered == 100


def test_true_shares_may_be_unequal():
    truth = torch.tensor([0.5, 0.25, 0.25])
    assert category_report(torch.tensor([0, 0, 1, 2]), 3, truth=truth).kl == 0


@pytest.mark.parametrize("labels", [torch.tensor([0, 4]), torch.tensor([-1]), torch.zeros(0).long()])
def test_labels_outside_of_the_range_are_refused(labels):
    with pytest.raises(DataError, match="0 to 3"):
        category_report(labels, 4)


def test_a_count_that_cannot_vary_has_no_width():
    found = covered_interval([torch.tensor([50, 60, 40])])
    assert (found.value, found.high) == (3, 3)
    assert found.low == pytest.approx(3)


def test_the_variance_of_a_count_is_that_of_the_birthday_problem():
    """1,000 draws from 1,000 equal categories: of the missed ones K e^-1 (1 - 2 e^-1) is the variance."""
    found = []
    for seed in range(40):
        draws = torch.randint(1_000, (1_000,), generator=torch.Generator().manual_seed(seed))
        one = covered_interval([torch.bincount(draws, minlength=1_000)])
        found.append((one.high - one.low) / 2 / 1.96)
    assert sum(found) / 40 == pytest.approx((1_000 * math.exp(-1) * (1 - 2 * math.exp(-1))) ** 0.5, rel=0.15)


def test_counts_must_be_given():
    with pytest.raises(DataError, match="one row of counts"):
        covered_interval([])
