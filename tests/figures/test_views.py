"""A steady axis: its end is a doubling of its unit, and never cuts off required values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.figures.views import stable_limit

POSITIVE = st.floats(1e-6, 1e6)


@given(POSITIVE, POSITIVE)
def test_it_is_a_doubling_of_its_unit_and_the_least_that_suffices(needed: float, unit: float) -> None:
    end = stable_limit(needed, unit)
    assert math.log2(end / unit) == pytest.approx(round(math.log2(end / unit)))
    assert needed <= end * (1 + 1e-6)
    assert end / 2 < needed * (1 + 1e-6)


@given(POSITIVE)
def test_it_moves_only_by_doubling(needed: float) -> None:
    assert stable_limit(1.5 * needed) / stable_limit(needed) in (1.0, 2.0)


@pytest.mark.parametrize("needed", [0.0, -1.0, math.inf, math.nan])
def test_invalid_values_fall_back_to_the_unit(needed: float) -> None:
    assert stable_limit(needed, 3.0) == 3.0
