import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from saddlepoint.evaluation.metrics.transport import gaussian_wasserstein, sliced_wasserstein, wasserstein


def normal(n, d, seed, scale=1.0, shift=0.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale + shift


def sliced(x, y, seed=0, **options):
    return sliced_wasserstein(x, y, generator=torch.Generator().manual_seed(seed), **options)


@given(n=st.integers(1, 60), m=st.integers(1, 60), seed=st.integers(0, 999))
def test_a_line_agrees_with_scipy(n, m, seed):
    x, y = normal(n, 1, seed), normal(m, 1, seed + 1_000, 2.0, 1.0)
    expected = wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy())
    assert float(wasserstein(x, y)[0]) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("order", [1.0, 2.0, 3.0])
def test_unequal_numbers_are_the_same_as_repeated_points(order):
    x, y = normal(6, 2, 0), normal(10, 2, 1)
    repeated = wasserstein(x.repeat(5, 1), y.repeat(3, 1), order=order)  # 30 each
    torch.testing.assert_close(wasserstein(x, y, order=order), repeated)


@pytest.mark.parametrize("order", [1.0, 2.0])
def test_a_shift_costs_its_length_in_any_order(order):
    x = normal(50, 3, 0)
    torch.testing.assert_close(wasserstein(x, x + 2.5, order=order), torch.full((3,), 2.5, dtype=torch.float64))


def test_higher_orders_cost_more():
    x, y = normal(40, 1, 0), normal(70, 1, 1, 3.0)
    distances = [float(wasserstein(x, y, order=order)[0]) for order in (1.0, 2.0, 4.0)]
    assert distances == sorted(distances)


def test_large_numbers_converge_to_the_gaussian_value():
    x, y = normal(200_000, 1, 0), normal(150_000, 1, 1, 2.0, 1.0)
    exact = gaussian_wasserstein(torch.zeros(1), torch.ones(1, 1), torch.ones(1), 4 * torch.ones(1, 1))
    assert exact == pytest.approx(math.sqrt(2))
    assert float(wasserstein(x, y, order=2.0)[0]) == pytest.approx(exact, abs=0.02)


def test_sliced_of_one_column_is_exact():
    x, y = normal(30, 1, 0), normal(45, 1, 1, 2.0)
    distance, error = sliced(x, y, directions=7)
    assert distance == pytest.approx(float(wasserstein(x, y, order=2.0)[0]))
    assert error == pytest.approx(0, abs=1e-9)


def test_sliced_of_a_shift_has_a_closed_form():
    """(theta . shift)^2 is |shift|^2 / D on average."""
    x, shift = normal(20, 5, 0), torch.tensor([3.0, 0, 0, 4.0, 0])
    distance, error = sliced(x, x + shift, directions=4_000)
    assert abs(distance - 5 / math.sqrt(5)) < 4 * error
    assert error < 0.05


def test_sliced_identity_symmetry_and_rotation():
    x, y = normal(40, 4, 0), normal(50, 4, 1, 1.5)
    assert sliced(x, x) == (0, 0)
    assert sliced(x, y)[0] == pytest.approx(sliced(y, x)[0])
    turn = torch.linalg.qr(normal(4, 4, 2)).Q
    (plain, error), (turned, other) = sliced(x, y, directions=3_000), sliced(x @ turn, y @ turn, directions=3_000)
    assert abs(plain - turned) < 4 * math.hypot(error, other)


def test_the_same_generator_gives_the_same_number():
    x, y = normal(40, 4, 0), normal(50, 4, 1)
    assert sliced(x, y, seed=3) == sliced(x, y, seed=3) != sliced(x, y, seed=4)


@pytest.mark.parametrize("order", [1.0, 2.0])
def test_the_error_is_the_scatter_over_directions(order):
    x, y = normal(40, 4, 0), normal(50, 4, 1, torch.tensor([1.0, 2.0, 3.0, 0.5]))
    draws = [sliced(x, y, seed=seed, directions=50, order=order) for seed in range(200)]
    scatter = torch.tensor([distance for distance, _ in draws]).std()
    assert sum(error for _, error in draws) / 200 == pytest.approx(float(scatter), rel=0.2)


def test_the_bias_between_equal_distributions_falls_with_n():
    small, large = (
        sum(sliced(normal(n, 3, s), normal(n, 3, 500 + s), directions=50)[0] for s in range(20)) for n in (100, 1_600)
    )
    assert 2.5 < small / large < 5  # about 1 / sqrt(n)
