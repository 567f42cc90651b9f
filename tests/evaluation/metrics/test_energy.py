"""Laws of the energy coefficient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from saddlepoint.evaluation.metrics.energy import energy_coefficient, energy_interval
from saddlepoint.evaluation.statistics.intervals import Interval

seeds = st.integers(0, 2**31)


def normal(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(seeds, st.integers(2, 40), st.integers(2, 40), st.floats(-3, 3))
def test_in_one_dimension_it_is_the_mean_of_absolute_differences(seed: int, n: int, m: int, shift: float) -> None:
    x, y = normal(n, 1, seed), normal(m, 1, seed + 1) + shift
    a, b = x[:, 0].numpy(), y[:, 0].numpy()
    between = 2 * np.abs(a[:, None] - b).mean()
    within = [np.abs(v[:, None] - v)[~np.eye(len(v), dtype=bool)].mean() for v in (a, b)]
    assert energy_coefficient(x, y).item() == pytest.approx((between - sum(within)) / between, rel=1e-9, abs=1e-9)


@given(seeds, st.integers(1, 6), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_symmetric_and_independent_of_units(seed: int, d: int, scale: float, offset: float) -> None:
    x, y = normal(30, d, seed), 1 + normal(50, d, seed + 1)
    h = energy_coefficient(x, y)
    rotation = torch.linalg.qr(normal(d, d, seed + 2)).Q
    # 1e3 away with a spread of 0.01 loses about 5 of 16 digits in differences.
    close = {"rtol": 1e-8, "atol": 1e-8}
    torch.testing.assert_close(energy_coefficient(y, x), h, **close)
    torch.testing.assert_close(energy_coefficient(scale * x + offset, scale * y + offset), h, **close)
    torch.testing.assert_close(energy_coefficient(x @ rotation, y @ rotation), h, **close)


@given(seeds, st.integers(2, 30), st.integers(2, 30), st.integers(1, 5))
def test_never_above_one(seed: int, n: int, m: int, d: int) -> None:
    x, y = normal(n, d, seed), 3 * normal(m, d, seed + 1)
    assert energy_coefficient(x, y) <= 1
    assert energy_coefficient(x, y + 1e6) > 0.99


def test_zero_on_average_for_equal_distributions() -> None:
    # The numerator is unbiased: over independent pairs its mean lies within 4 standard errors of 0.
    values = torch.stack([energy_coefficient(normal(40, 3, 2 * s), normal(40, 3, 2 * s + 1)) for s in range(300)])
    assert abs(values.mean()) < 4 * values.std() / len(values) ** 0.5
    assert values.min() < 0


def test_grows_with_a_shift_and_with_a_wrong_scale() -> None:
    x, y = normal(400, 2, 0), normal(400, 2, 1)
    shifted = [energy_coefficient(x, y + shift).item() for shift in (0.5, 1, 2, 4, 8)]
    assert shifted == sorted(shifted)
    scaled = [energy_coefficient(x, factor * y).item() for factor in (1.5, 2, 4, 8)]
    assert scaled == sorted(scaled)
    assert scaled[0] > abs(energy_coefficient(x, y).item())


def test_a_dropped_mode_is_detected() -> None:
    angles = torch.arange(8) * torch.pi / 4
    centres = torch.stack([angles.cos(), angles.sin()], 1).double()
    data = centres.repeat(100, 1) + 0.02 * normal(800, 2, 0)
    noise = [energy_coefficient(centres.repeat(100, 1) + 0.02 * normal(800, 2, s), data).item() for s in range(1, 20)]
    kept = [
        energy_coefficient(centres[:k].repeat(100, 1) + 0.02 * normal(100 * k, 2, 1), data).item() for k in (7, 6, 4, 1)
    ]
    assert kept == sorted(kept)
    assert kept[0] > 3 * max(map(abs, noise))


@pytest.mark.parametrize(("n", "m"), [(1, 5), (5, 1), (0, 5)])
def test_two_points_are_needed(n: int, m: int) -> None:
    with pytest.raises(ValueError, match="two points"):
        energy_coefficient(normal(n, 2, 0), normal(m, 2, 1))


def test_constants_and_what_is_not_finite() -> None:
    same, other = torch.ones(3, 2), torch.zeros(4, 2)
    assert energy_coefficient(same, same) == 0
    assert energy_coefficient(same, other) == 1
    assert energy_coefficient(torch.full((3, 2), torch.nan), other).isnan()


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_the_interval_holds_the_coefficient_and_stays_below_1(shift: float) -> None:
    g = torch.Generator().manual_seed(0)
    x, y = (torch.randn(60, 3, generator=g, dtype=torch.float64) for _ in range(2))
    found = energy_interval(x, y + shift)
    assert found.value == pytest.approx(float(energy_coefficient(x, y + shift)))
    assert found.low <= found.value <= found.high <= 1
    assert (found.low <= 0) == (shift == 0)
    scaled = energy_interval(7 * x, 7 * (y + shift))
    assert (scaled.low, scaled.high) == pytest.approx((found.low, found.high))


def test_one_constant_has_no_width() -> None:
    assert energy_interval(torch.ones(4, 2), torch.ones(5, 2)) == Interval(0, 0, 0)
