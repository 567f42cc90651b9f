from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.figures.scales import MOST_TICKS, choose_scale, log_ticks, tick_label

ABOVE_ZERO = st.floats(1e-300, 1e300)


@given(ABOVE_ZERO, ABOVE_ZERO)
def test_log_ticks_enclose_the_values_and_are_few_but_three_at_least(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    ticks = log_ticks(low, high)
    assert 3 <= len(ticks) <= MOST_TICKS + 1
    assert ticks == sorted(set(ticks))
    assert ticks[0] <= low
    assert high <= ticks[-1]


@given(st.floats(1e-5, 1e5), st.floats(2.0, 1e6))
def test_every_log_tick_is_a_round_number(low: float, factor: float) -> None:
    for tick in log_ticks(low, low * factor):
        mantissa = float(f"{tick:e}".partition("e")[0])
        assert mantissa in (1.0, 2.0, 5.0)
        assert float(tick_label(tick)) == pytest.approx(tick)


def test_qualities_that_fall_by_decades_get_a_log_axis_as_long_as_they_are_above_zero() -> None:
    fallen = np.array([0.44, 0.01, 0.0008, 0.0002, 0.0005, 0.0006])
    assert choose_scale([fallen], of_quality=True) == "log"
    assert choose_scale([np.append(fallen, -1e-4)], of_quality=True) == "symlog"
    assert choose_scale([fallen]) == "linear"
