"""An injected exponent comes back within its interval, also where the slow half of a study was not waited for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from saddlepoint.errors import DataError
from saddlepoint.studies.power_law import power_law

Groups = dict[float, tuple[np.ndarray, np.ndarray]]
XS = (1.0, 2.0, 4.0, 8.0, 16.0)


def draw_groups(
    exponent: float, limit: float = math.inf, *, spread: float = 0.5, n: int = 40, seed: int = 0, factor: float = 20.0
) -> Groups:
    """Log-normal times of median factor x^exponent, followed to `limit`."""
    generator = np.random.default_rng(seed)
    found = {}
    for x in XS:
        times = factor * x**exponent * np.exp(spread * generator.standard_normal(n))
        found[x] = (np.minimum(times, limit), times <= limit)
    return found


@pytest.mark.parametrize("exponent", [-1.5, 0.0, 1.0, 2.0])
def test_an_exact_law_is_found_exactly(exponent: float) -> None:
    law = power_law(draw_groups(exponent, spread=0.0), repeats=20)
    assert law.exponent.value == pytest.approx(exponent, abs=1e-9)
    assert law.factor.value == pytest.approx(20.0)
    assert (law.exponent.low, law.exponent.high) == pytest.approx((exponent, exponent), abs=1e-9)
    np.testing.assert_allclose(law.line, [[20.0 * x**exponent for x in XS]] * 3)


def test_censored_values_do_not_bend_an_exact_law() -> None:
    law = power_law(draw_groups(1.0, limit=100.0, spread=0.0), repeats=20)
    assert law.reached == 3
    assert law.exponent.value == pytest.approx(1.0)
    assert [math.isinf(median.value) for median in law.medians] == [False] * 3 + [True] * 2


def test_a_median_that_was_not_reached_pulls_the_line_up() -> None:
    """Two medians alone show no effect of x; a third one, not reached, shows one."""
    groups: Groups = {x: (np.full(9, 10.0), np.full(9, True)) for x in (1.0, 2.0)}
    groups[4.0] = (np.full(9, 100.0), np.full(9, False))
    law = power_law(groups, repeats=10)
    assert law.exponent.value > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("limit", [math.inf, 120.0])
def test_intervals_of_the_exponent_have_their_nominal_coverage(limit: float) -> None:
    """80 studies; 95 % should, three standard errors are 7 %. With a limit of 120, the medians of 8 and 16 are above it."""
    held = 0
    for seed in range(80):
        law = power_law(draw_groups(1.0, limit, seed=seed), repeats=150, seed=seed)
        held += law.exponent.low <= 1.0 <= law.exponent.high
    assert held / 80 >= 0.95 - 0.08


def test_the_same_seed_gives_the_same_interval() -> None:
    groups = draw_groups(1.0)
    assert power_law(groups, repeats=50).exponent == power_law(groups, repeats=50).exponent


def test_outcomes_have_laws_too() -> None:
    groups = {x: (np.array([x**-0.5] * 3), np.full(3, True)) for x in XS}
    assert power_law(groups, repeats=5).exponent.value == pytest.approx(-0.5)


@pytest.mark.parametrize(
    "groups",
    [
        {},
        {1.0: ([3.0], [True])},
        {1.0: ([3.0], [True]), 2.0: ([9.0], [False])},
        {0.0: ([3.0], [True]), 2.0: ([9.0], [True])},
        {1.0: ([0.0], [True]), 2.0: ([9.0], [True])},
    ],
)
def test_too_little_data_for_a_law_is_reported(groups: Groups) -> None:
    with pytest.raises(DataError, match="power law"):
        power_law(groups, repeats=5)
