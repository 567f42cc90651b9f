"""The Kaplan-Meier curve is the textbook's, its median's interval covers, and nothing is hidden where all or none converge."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.errors import DataError
from saddlepoint.studies.survival import kaplan_meier

RUNS = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40)


@given(RUNS)
def test_curve_and_interval_are_kaplan_meiers_and_greenwoods(runs: list[tuple[int, bool]]) -> None:
    times = np.array([time for time, _ in runs], np.float64)
    met = np.array([event for _, event in runs])
    found = kaplan_meier(times, met)
    share, variance, z = 1.0, 0.0, NormalDist().inv_cdf(0.975)
    assert found.times.tolist() == sorted(set(times[met]))
    for at, time in enumerate(found.times):
        left, gone = int((times >= time).sum()), int((times[met] == time).sum())
        share *= (left - gone) / left
        assert found.survival[at] == pytest.approx(share, abs=1e-12)
        if gone < left:  # at a share of 0 the formula divides by 0
            variance += gone / (left * (left - gone))
            half = z * math.sqrt(variance) / abs(math.log(share))
            assert found.low[at] == pytest.approx(share ** math.exp(half), abs=1e-9)
            assert found.high[at] == pytest.approx(share ** math.exp(-half), abs=1e-9)
    assert (np.diff(found.survival) < 0).all()
    assert ((found.low <= found.survival) & (found.survival <= found.high + 1e-12)).all()
    assert (found.n, found.events, found.last) == (len(runs), met.sum(), times.max())


@given(RUNS)
def test_the_median_lies_in_its_interval(runs: list[tuple[int, bool]]) -> None:
    median = kaplan_meier(*zip(*runs, strict=True)).quantile()
    assert median.low <= median.value <= median.high


@given(st.lists(st.integers(1, 99), min_size=1, max_size=30))
def test_without_censoring_the_median_is_the_plain_one(times: list[int]) -> None:
    median = kaplan_meier(times, [True] * len(times)).quantile()
    assert median.value == sorted(times)[(len(times) - 1) // 2]


def test_half_of_the_runs_are_half_however_they_are_rounded() -> None:
    for n in range(2, 60, 2):
        times = [*range(1, n // 2 + 1), *[n] * (n // 2)]
        assert kaplan_meier(times, [True] * (n // 2) + [False] * (n // 2)).quantile().value == n // 2


@pytest.mark.parametrize(("n", "bounded"), [(3, False), (5, False), (6, True), (256, True)])
def test_all_at_once_has_an_interval_where_there_are_enough(n: int, bounded: bool) -> None:
    """Of six, all below the median has a chance of 1/64 under 2.5 %; of five, 1/32 above it."""
    median = kaplan_meier([30] * n, [True] * n).quantile()
    assert median.value == 30
    assert median.high == (30 if bounded else math.inf)


def test_a_median_that_was_not_reached_is_infinite() -> None:
    median = kaplan_meier([1] * 4 + [50] * 6, [True] * 4 + [False] * 6).quantile()
    assert median.value == median.high == math.inf
    none = kaplan_meier([50] * 6, [False] * 6)
    assert none.quantile().low == math.inf
    assert (none.events, none.last) == (0, 50)


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 64])
@pytest.mark.parametrize("limit", [1.0, 2.0, 9.0])
def test_the_interval_of_the_median_has_its_nominal_coverage(n: int, limit: float) -> None:
    """Exponential times, followed to `limit`; 600 studies of which 95 % should: three standard errors are 2.7 %."""
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        times = generator.exponential(size=n)
        median = kaplan_meier(np.minimum(times, limit), times <= limit).quantile()
        held += median.low <= math.log(2) <= median.high
    assert held / 600 >= 0.95 - 0.045


@pytest.mark.parametrize(("times", "observed"), [([], []), ([1.0], [True, False]), ([math.nan], [True])])
def test_impossible_curves_are_refused(times: list[float], observed: list[bool]) -> None:
    with pytest.raises(DataError, match="survival curve"):
        kaplan_meier(times, observed)
