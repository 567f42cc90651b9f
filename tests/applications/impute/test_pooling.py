"""Rubin's rules: closed forms, invariances, and intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from saddlepoint.applications.impute.analyses import pool_means, pool_regression
from saddlepoint.applications.impute.pooling import pool, pool_analysis, pooled_degrees
from saddlepoint.applications.impute.settings import METHODS, make_method
from saddlepoint.errors import DataError

pandas = pytest.importorskip("pandas")


def test_two_tables_by_hand() -> None:
    (one,) = pool([1.0, 3.0], [0.5, 1.5], complete_degrees=10)
    # Q = 2, W = 1, B = 2, T = 1 + 1.5 * 2 = 4, l = 3 / 4
    assert (one.estimate, one.within, one.between, one.total, one.missing_information) == (2, 1, 2, 4, 0.75)
    old, observed = 1 / 0.75**2, 11 / 13 * 10 * 0.25
    assert one.degrees == pytest.approx(old * observed / (old + observed))
    half = stats.t.ppf(0.975, one.degrees) * 2
    assert (one.low, one.high) == pytest.approx((2 - half, 2 + half))


def test_without_differences_between_tables_it_is_the_complete_interval() -> None:
    (one,) = pool([5.0] * 4, [0.25] * 4)
    assert one.degrees == np.inf
    assert (one.low, one.high) == pytest.approx((5 - 1.959964 * 0.5, 5 + 1.959964 * 0.5))
    assert one.missing_information == 0


def test_units_and_order_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    estimates, variances = rng.standard_normal((6, 3)), rng.random((6, 3))
    plain = pool(estimates, variances, complete_degrees=50)
    other = pool(7 + 3 * estimates[::-1], 9 * variances[::-1], complete_degrees=50)
    for one, two in zip(plain, other, strict=True):
        assert (7 + 3 * one.low, 7 + 3 * one.high, one.degrees) == pytest.approx((two.low, two.high, two.degrees))


def test_degrees_fall_with_missing_information_and_stay_below_the_complete_ones() -> None:
    degrees = [pooled_degrees(share, 20, 30) for share in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert degrees == sorted(degrees, reverse=True)
    assert 0 < degrees[-1] <= degrees[0] < 30


def test_means_and_regressions_of_complete_tables_are_the_usual_ones() -> None:
    rng = np.random.default_rng(0)
    x, group = rng.standard_normal(40), np.array(["a", "b"] * 20)
    y = 1 + 2 * x + (group == "b") + rng.standard_normal(40)
    table = pandas.DataFrame({"x": x, "group": group, "y": y})
    (mean,) = pool_means([table, table], ["y"])
    usual = stats.t.interval(0.95, pooled_degrees(0, 2, 39), y.mean(), stats.sem(y))
    assert (mean.estimate, mean.low, mean.high) == pytest.approx((y.mean(), *usual))
    found = pool_regression([table, table], "y", ["x", "group"])
    assert [one.name for one in found] == ["constant", "x", "group=b"]
    design = np.stack([np.ones(40), x, group == "b"], 1)
    coefficients, residual, *_ = np.linalg.lstsq(design, y, rcond=None)
    assert [one.estimate for one in found] == pytest.approx(list(coefficients))
    errors = np.diag(np.linalg.inv(design.T @ design)) * residual[0] / 37
    assert [one.total for one in found] == pytest.approx(list(errors))


def test_what_cannot_be_pooled_is_said_in_a_sentence() -> None:
    table = pandas.DataFrame({"height": [1.0, 2.0], "name": ["a", "b"]})
    with pytest.raises(DataError, match="at least 2 completed tables"):
        pool([1.0], [1.0])
    with pytest.raises(DataError, match="squared standard errors"):
        pool([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(DataError, match='Did you mean "height"'):
        pool_means([table, table], ["heigth"])
    with pytest.raises(DataError, match="holds no numbers"):
        pool_means([table, table], ["name"])
    answers = iter([{"a": (1.0, 1.0)}, {"b": (1.0, 1.0)}])
    with pytest.raises(DataError, match="the same names"):
        pool_analysis([table, table], lambda _: next(answers))


def regression_through(name: str, runs: int, seed: int, n: int = 50) -> tuple[float, float]:
    """Bias in percent and coverage of the slope of y = x + e where half of x is missing: van Buuren's simulation."""
    rng = np.random.default_rng(seed)
    estimates, covered = [], 0
    for _ in range(runs):
        x = rng.standard_normal(n)
        y = x + rng.standard_normal(n)
        matrix = np.stack([np.where(rng.random(n) < 0.5, np.nan, x), y], 1)
        drawn = make_method(name, 10).fit(matrix, (0, 0), rng, np.zeros(2, dtype=bool)).complete(matrix, rng, 10)
        slopes, variances = [], []
        for one in drawn:
            fit = stats.linregress(one[:, 0], one[:, 1])
            slopes.append(fit.slope)
            variances.append(fit.stderr**2)
        (pooled,) = pool(slopes, variances, complete_degrees=n - 2)
        estimates.append(pooled.estimate)
        covered += pooled.low <= 1 <= pooled.high
    return 100 * abs(float(np.mean(estimates)) - 1), covered / runs


@pytest.mark.slow
def test_pooled_intervals_of_proper_draws_cover_and_those_of_best_guesses_do_not() -> None:
    assert METHODS["normal"].draws
    bias, coverage = regression_through("normal", 200, 0)
    # The standard error of a coverage of .95 over 200 runs is .015.
    assert coverage >= 0.95 - 3 * 0.0155
    assert bias < 5
    bias, coverage = regression_through("iterative", 30, 0)
    assert coverage < 0.8
    assert bias > 15
