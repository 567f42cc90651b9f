import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.two_sample import classifier_test

CLASSIFIERS = ["logistic", "regularised", "neighbours", "network", "trees"]


def draw(n, seed, d=2, scale=1.0, shift=0.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale + shift


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_a_large_difference_is_reported_and_equality_is_not(classifier):
    apart = classifier_test(draw(200, 0), draw(200, 1, shift=8), classifier=classifier)
    assert apart.accuracy.value > 0.97
    assert apart.p_value < 1e-9
    equal = classifier_test(draw(200, 0), draw(200, 1), classifier=classifier)
    assert equal.accuracy.value == pytest.approx(0.5, abs=0.12)
    assert equal.n == 400


def test_a_known_shift_is_detected_as_well_as_possible():
    """N(0, 1) and N(a, 1): nobody is right more often than Phi(a / 2)."""
    found = classifier_test(draw(5_000, 0, 1), draw(5_000, 1, 1, shift=1.0))
    best = float(torch.special.ndtr(torch.tensor(0.5)))
    assert found.accuracy.value == pytest.approx(best, abs=0.02)


@pytest.mark.slow
def test_a_linear_classifier_sees_no_width_and_the_others_do():
    x, y = draw(800, 0), draw(800, 1, scale=3.0)
    assert classifier_test(x, y).accuracy.value < 0.58
    for classifier in ("neighbours", "network"):
        assert classifier_test(x, y, classifier=classifier).accuracy.value > 0.7


def test_more_of_one_set_is_no_advantage():
    found = classifier_test(draw(1_000, 0), draw(100, 1))
    assert found.n == 200
    assert found.accuracy.value < 0.65


def test_the_threshold_is_the_papers():
    assert classifier_test(draw(50, 0), draw(50, 1)).threshold == pytest.approx(0.5 + 1.645 / 14.142, abs=1e-3)


def test_the_same_seed_gives_the_same_answer():
    assert classifier_test(draw(60, 0), draw(60, 1), seed=3) == classifier_test(draw(60, 0), draw(60, 1), seed=3)


def test_units_do_not_matter():
    scale = torch.tensor([1e-4, 1e5])
    found = classifier_test(draw(100, 0), draw(100, 1, shift=0.5))
    assert found == classifier_test(draw(100, 0) * scale, draw(100, 1, shift=0.5) * scale)


def test_an_unknown_classifier_and_too_few_points_are_refused():
    with pytest.raises(DataError, match="logistic, regularised, network, neighbours or trees"):
        classifier_test(draw(50, 0), draw(50, 1), classifier="forest")
    with pytest.raises(DataError, match="need 10 points"):
        classifier_test(draw(9, 0), draw(50, 1))


@pytest.mark.slow
@pytest.mark.parametrize(("classifier", "d"), [("logistic", 2), ("logistic", 20), ("neighbours", 2)])
def test_equal_distributions_are_rejected_no_more_often_than_stated(classifier, d):
    """250 repeats at 5 %, whose binomial error is 1.4 %: a test that rejects in 12 % of cases is found in 96 of 100. The interval
    holds 1/2 in 92 % of them or more."""
    found = [classifier_test(draw(100, s, d), draw(100, 50_000 + s, d), classifier=classifier) for s in range(250)]
    rate = sum(one.p_value < 0.05 for one in found) / 250
    assert 0.01 <= rate <= 0.085
    assert all((one.p_value < 0.05) == (one.accuracy.value > one.threshold) for one in found)
    assert 0.92 <= sum(0.5 in one.accuracy for one in found) / 250 <= 0.995


@pytest.mark.slow
def test_the_interval_covers_the_accuracy_of_different_distributions():
    """Intervals that hold in 88 % of cases are found in 97 of 100."""
    found = [classifier_test(draw(100, s, 20), draw(100, 50_000 + s, 20, shift=0.11)) for s in range(250)]
    truth = sum(one.accuracy.value for one in found) / 250
    assert 0.53 < truth < 0.6
    assert 0.92 <= sum(truth in one.accuracy for one in found) / 250 <= 0.995
