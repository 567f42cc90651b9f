"""Intervals of bounded means: inside of the range, mirrored with it, scaled with it, and Student's far from its ends."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.bounded_means import bounded_mean_interval
from saddlepoint.evaluation.statistics.intervals import mean_interval

SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=12)
TRIALS = st.sampled_from([1.0, 8.0, 2_000.0])


def tensor(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@given(SHARES, TRIALS, st.floats(-5, 5), st.floats(0.1, 10))
def test_it_stays_in_the_range_and_holds_the_mean(values: list[float], trials: float, low: float, width: float) -> None:
    placed = low + width * tensor(values)
    found = bounded_mean_interval(placed, low, low + width, trials=trials)
    slack = 1e-9 * (abs(low) + width)
    assert low <= found.low <= found.value + slack
    assert found.value - slack <= found.high <= low + width
    assert found.low < found.high
    assert found.value == pytest.approx(float(placed.mean()))


@given(SHARES, TRIALS)
def test_it_is_mirrored_with_the_range(values: list[float], trials: float) -> None:
    found, mirrored = (bounded_mean_interval(x, 0.0, 1.0, trials=trials) for x in (tensor(values), 1 - tensor(values)))
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-6)
    assert found.high == pytest.approx(1 - mirrored.low, abs=1e-6)


@given(SHARES, st.floats(0.01, 100), st.booleans())
def test_it_is_scaled_with_the_values(values: list[float], scale: float, bounded: bool) -> None:
    high = 1.0 if bounded else math.inf
    found = bounded_mean_interval(tensor(values), 0.0, high, trials=8)
    scaled = bounded_mean_interval(scale * tensor(values), 0.0, scale * high, trials=8)
    for part in ("value", "low", "high"):
        assert getattr(scaled, part) == pytest.approx(scale * getattr(found, part), rel=1e-6, abs=1e-9 * scale)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=12))
def test_an_open_range_never_falls_below_its_lower_end(values: list[float]) -> None:
    found = bounded_mean_interval(tensor(values), 0.0)
    assert 0 <= found.low <= found.value * (1 + 1e-9)
    assert found.high >= found.value * (1 - 1e-9)


def test_far_from_the_ends_it_is_students() -> None:
    values = 0.5 + 0.001 * torch.arange(12, dtype=torch.float64)
    for found in (bounded_mean_interval(values, 0.0, 1.0, trials=1e9), bounded_mean_interval(values, 0.0)):
        student = mean_interval(values)
        assert found.low == pytest.approx(student.low, abs=1e-4)
        assert found.high == pytest.approx(student.high, abs=1e-4)


def test_equal_values_at_an_end_leave_room_on_the_other_side_alone() -> None:
    found = bounded_mean_interval(torch.full((5,), 8.0), 0.0, 8.0, trials=8)
    assert (found.value, found.high) == (8.0, 8.0)
    assert 6.0 < found.low < 8.0


def test_intervals_near_an_end_of_the_range_are_asymmetric() -> None:
    found = bounded_mean_interval(tensor([8.0, 8.0, 8.0, 2.0, 8.0, 8.0]), 0.0, 8.0, trials=8)
    assert found.high <= 8.0
    assert found.value - found.low > found.high - found.value


def test_one_value_and_an_empty_range_are_refused() -> None:
    with pytest.raises(DataError, match="two values"):
        bounded_mean_interval(torch.zeros(1), 0.0, 1.0)
    with pytest.raises(ValueError, match="low must be below high"):
        bounded_mean_interval(torch.zeros(2), 1.0, 1.0)
