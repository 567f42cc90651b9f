import math

import pytest
import torch

from saddlepoint.data import DataSettings, load
from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.modes import log_likelihood, mode_report

SOURCES = ["ring", "grid", "gaussian"]


def truth_of(source):
    return load(DataSettings(source=source, modes=3 if source == "gaussian" else None, points=100)).truth


def report(truth, samples):
    return mode_report(samples, truth.modes, truth.mode_std)


def draw(truth, n, seed=0):
    return truth.sample(n, torch.Generator().manual_seed(seed))[0]


@pytest.mark.parametrize("source", SOURCES)
def test_the_true_model_reaches_the_maximum(source):
    truth = truth_of(source)
    found = report(truth, draw(truth, 100_000))
    k = len(truth.modes)
    assert found.covered == found.modes == k
    error = math.sqrt(found.true_quality * (1 - found.true_quality) / 100_000)
    assert abs(found.high_quality - found.true_quality) < 4 * error
    torch.testing.assert_close(found.mass, torch.full((k,), 1 / k, dtype=torch.float64), rtol=0.03, atol=0)
    torch.testing.assert_close(found.width, torch.ones(k, dtype=torch.float64), rtol=0.05, atol=0)
    assert found.reverse_kl < found.expected_kl  # equally many a mode were drawn, so less than chance's


@pytest.mark.parametrize(("d", "expected"), [(1, 0.9973), (2, 1 - math.exp(-4.5)), (3, 0.97071)])
def test_the_worst_case_is_three_standard_deviations(d, expected):
    assert mode_report(torch.zeros(2, d), torch.zeros(1, d), 1.0).true_quality == pytest.approx(expected, abs=2e-5)


def test_three_standard_deviations_are_the_edge():
    samples = torch.tensor([[2.99], [3.01], [-2.99], [10 - 2.9]])
    found = mode_report(samples, torch.tensor([[0.0], [10.0], [20.0]]), 1.0)
    assert found.high_quality == 0.75
    assert found.covered == 2
    assert found.mass.tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    expected = 2 / 3 * math.log(2) + 1 / 3 * math.log(1)
    assert found.reverse_kl == pytest.approx(expected)


@pytest.mark.parametrize("kept", [1, 4, 7])
def test_dropped_modes_cost_their_logarithm(kept):
    truth = truth_of("ring")
    samples = truth.modes[:kept].repeat(500, 1)
    samples = samples + truth.mode_std * torch.randn(
        samples.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    found = report(truth, samples)
    assert found.covered == kept
    assert found.reverse_kl == pytest.approx(math.log(8 / kept), abs=0.01)


@pytest.mark.parametrize("factor", [0.0, 0.2, 1.0, 1.5])
def test_width_is_measured_in_true_widths(factor):
    truth = truth_of("grid")
    modes = truth.modes.repeat(2_000, 1)
    noise = torch.randn(modes.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = report(truth, modes + factor * truth.mode_std * noise)
    torch.testing.assert_close(found.width, torch.full((25,), factor, dtype=torch.float64), rtol=0.08, atol=1e-12)


def test_outliers_lower_quality_but_hardly_change_the_width():
    truth = truth_of("ring")
    samples = draw(truth, 8_000)
    samples[:800] = 0.1 * torch.randn(800, 2, generator=torch.Generator().manual_seed(1))
    found = report(truth, samples)
    assert found.high_quality < 0.91
    assert (found.width < 1.3).all()


def test_nothing_near_any_mode_has_no_masses():
    found = report(truth_of("ring"), torch.full((10, 2), 50.0))
    assert (found.covered, found.high_quality) == (0, 0)
    assert math.isnan(found.reverse_kl)
    assert found.mass.isnan().all()


def test_the_ring_of_linspace_is_seven_modes():
    """The bug of many public files: eight angles from 0 to 2 pi with both ends repeat the first mode."""
    angle = torch.linspace(0, 2 * math.pi, 8)
    ring = torch.stack([angle.cos(), angle.sin()], dim=1).double()
    assert report(truth_of("ring"), ring).covered < 8


def test_another_number_of_axes_is_refused():
    with pytest.raises(DataError, match="axes"):
        mode_report(torch.ones(5, 3), torch.ones(2, 2), 1.0)


@pytest.mark.parametrize("source", SOURCES)
def test_the_likelihood_of_the_truth_is_minus_its_entropy(source):
    """Far modes do not overlap: entropy = log K + D/2 log(2 pi e std^2)."""
    truth = truth_of(source)
    k, d = truth.modes.shape
    entropy = math.log(k) + d / 2 * math.log(2 * math.pi * math.e * truth.mode_std**2)
    found = log_likelihood(draw(truth, 20_000), truth)
    error = (found.high - found.low) / 3.92
    assert abs(found.value + entropy) < 4 * error
    assert log_likelihood(truth.modes, truth).value > found.value  # peaks score more: not a goal by itself
