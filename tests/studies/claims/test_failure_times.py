"""The law that was put in comes out, with censoring and without."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from saddlepoint.studies.claims import failure_times as module
from saddlepoint.studies.claims.failure_times import fit_failure_times


def draw_times(seed, limit, intercept=3.0, of_modes=1.2, of_width=-0.8, scatter=0.5, runs=60):
    generator = np.random.default_rng(seed)
    points = [(m, w) for m in np.log([1, 2, 5, 10]) for w in np.log([4, 8, 16])]
    x = np.repeat(np.array(points), runs, 0)
    seeds = np.tile(np.arange(runs), len(points))
    y = intercept + x @ [of_modes, of_width] + scatter * generator.normal(size=len(x))
    return x, np.minimum(y, limit), y < limit, seeds


@pytest.mark.slow
@pytest.mark.parametrize("limit", [np.inf, 3.0])
def test_the_law_comes_out_censored_or_not(limit):
    inside = []
    for seed in range(20):
        x, y, observed, seeds = draw_times(seed, limit)
        fit = fit_failure_times(x, y, observed, seeds, repeats=40)
        assert fit.of_modes.value == pytest.approx(1.2, abs=0.25)
        inside += [1.2 in fit.of_modes, -0.8 in fit.of_width, 1.5 in fit.exponent]
    assert np.mean(inside) > 0.85


def test_without_censoring_it_is_least_squares():
    x, y, observed, seeds = draw_times(0, np.inf)
    fit = fit_failure_times(x, y, observed, seeds, repeats=2)
    expected = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0]
    assert [fit.intercept, fit.of_modes.value, fit.of_width.value] == pytest.approx(expected, abs=1e-4)


def test_censoring_must_not_be_ignored():
    x, y, observed, seeds = draw_times(0, 3.0)
    honest = fit_failure_times(x, y, observed, seeds, repeats=2)
    naive = fit_failure_times(x[observed], y[observed], np.ones(observed.sum(), bool), seeds[observed], repeats=2)
    assert abs(honest.of_modes.value - 1.2) < abs(naive.of_modes.value - 1.2)


def test_the_gradient_is_that_of_the_likelihood(monkeypatch):
    caught = {}
    import scipy.optimize

    class OptimumStub:
        x = np.zeros(4)

    monkeypatch.setattr(scipy.optimize, "minimize", lambda loss, start, **_: caught.update(loss=loss) or OptimumStub)
    x, y, observed, _ = draw_times(0, 3.0)
    module._maximum(np.column_stack([np.ones(len(x)), x]), y, observed, np.ones(len(x)), np.zeros(4))
    point = np.array([2.5, 1.0, -0.5, -0.3])
    expected = approx_fprime(point, lambda p: caught["loss"](p)[0], 1e-7)
    np.testing.assert_allclose(caught["loss"](point)[1], expected, rtol=1e-4, atol=1e-5)
