"""Laws of every method: observed cells stay, nothing is missing afterwards, seeds decide, rows are completed one by one."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from saddlepoint.applications.impute.method import ImputationMethod, centre, draw_categories
from saddlepoint.applications.impute.settings import METHODS, make_method
from saddlepoint.errors import DataError, SettingError

KINDS = (0, 0, 3, 0, 40)
QUICK: dict[str, dict[str, Any]] = {"vae": {"steps": 20}, "gain": {"steps": 20}, "trees": {"trees": 5}}
ROW_BY_ROW = [name for name, entry in METHODS.items() if not entry.draws and name != "gain"]


def table(n: int = 40, seed: int = 0, share: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """A matrix of mixed columns, complete, and with missing cells."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.standard_normal((3, n))
    full = np.stack([a, 10 + 3 * a + b, np.digitize(a + 0.3 * c, [-0.5, 0.5]), c, rng.integers(40, size=n)], 1)
    return full, np.where(rng.random(full.shape) < share, np.nan, full)


def fitted(name: str, matrix: np.ndarray, kinds: tuple[int, ...] = KINDS, seed: int = 1) -> ImputationMethod:
    method: ImputationMethod = make_method(name, 2, QUICK.get(name)).fit(matrix, kinds, np.random.default_rng(seed))
    return method


@pytest.mark.parametrize("name", METHODS)
def test_observed_cells_stay_and_no_cell_is_missing(name: str) -> None:
    _, matrix = table()
    matrix[3] = np.nan  # a row without any value
    method = fitted(name, matrix)
    observed = ~np.isnan(matrix)
    new = np.full((2, len(KINDS)), np.nan)
    new[0, 0] = 0.5
    for completed in (
        method.complete(matrix, np.random.default_rng(2), 3),
        method.guess(matrix, np.random.default_rng(2))[None],
    ):
        assert np.isfinite(completed).all()
        assert (completed[:, observed] == matrix[observed]).all()
        for column, kind in enumerate(KINDS):
            if kind:
                assert np.isin(completed[:, :, column], np.arange(kind)).all()
    assert np.isfinite(method.complete(new, np.random.default_rng(2))).all()
    assert method.complete(new[:0], np.random.default_rng(2)).shape == (1, 0, len(KINDS))


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_seeds_decide(name: str) -> None:
    _, matrix = table()
    once, again, other = (fitted(name, matrix, seed=1) for _ in range(3))
    first = once.complete(matrix, np.random.default_rng(2), 2)
    assert np.array_equal(first, again.complete(matrix, np.random.default_rng(2), 2))
    drawn = other.complete(matrix, np.random.default_rng(3), 2)
    assert np.array_equal(first, drawn) or METHODS[name].draws or name == "gain"
    assert METHODS[name].draws == once.draws
    assert np.array_equal(first[0], first[1]) != once.draws


@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_each_row_is_completed_as_it_would_be_alone(name: str) -> None:
    _, matrix = table()
    method = fitted(name, matrix)
    whole = method.guess(matrix, np.random.default_rng(0))
    order = np.random.default_rng(5).permutation(len(matrix))
    np.testing.assert_allclose(method.guess(matrix[order], np.random.default_rng(0)), whole[order], rtol=1e-9)
    np.testing.assert_allclose(method.guess(matrix[:7], np.random.default_rng(0)), whole[:7], rtol=1e-9)


@pytest.mark.parametrize("name", ["mean", "neighbours", "iterative"])
def test_the_order_of_columns_does_not_matter(name: str) -> None:
    _, matrix = table(200)
    matrix = matrix[:, [0, 1, 3]]
    order = [2, 0, 1]
    first = fitted(name, matrix, (0, 0, 0)).guess(matrix, np.random.default_rng(0))
    second = fitted(name, matrix[:, order], (0, 0, 0)).guess(matrix[:, order], np.random.default_rng(0))
    np.testing.assert_allclose(second, first[:, order], rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", METHODS)
def test_small_and_degenerate_tables(name: str) -> None:
    nan = np.nan
    for matrix, kinds in (
        ([[1.0], [nan], [3.0], [2.0]], (0,)),
        ([[1.0], [nan], [0.0], [1.0]], (2,)),
        ([[5.0, 0.0], [5.0, nan], [nan, 0.0], [5.0, 0.0]], (0, 1)),
        ([[1.0, 2.0], [nan, 3.0]], (0, 0)),
    ):
        given = np.array(matrix)
        completed = fitted(name, given, kinds).complete(given, np.random.default_rng(0), 2)
        assert np.isfinite(completed).all()
        if kinds == (0, 1):
            assert (completed == [5.0, 0.0]).all()


def test_a_column_without_values_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="column 1 has no observed value"):
        fitted("mean", np.array([[1.0, np.nan], [2.0, np.nan]]), (0, 0))


@pytest.mark.parametrize("name", ["iterative", "normal", "mixture"])
def test_the_best_guess_of_gaussian_data_is_the_conditional_expectation(name: str) -> None:
    rng = np.random.default_rng(0)
    covariance = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]])
    full = rng.multivariate_normal(np.zeros(3), covariance, 3_000)
    matrix = full.copy()
    matrix[:1000, 0] = np.nan
    weights = np.linalg.solve(covariance[1:, 1:], covariance[1:, 0])
    expected = full[:1000, 1:] @ weights
    method = make_method(name, 20).fit(matrix, (0, 0, 0), rng, np.zeros(3, dtype=bool))
    guess = method.guess(matrix, rng)[:1000, 0]
    spread = np.sqrt(1 - covariance[0, 1:] @ weights)
    noise = 0 if name in ("iterative", "mixture") else spread / np.sqrt(20)
    assert np.sqrt(((guess - expected) ** 2).mean()) < 0.06 + 1.2 * noise
    if METHODS[name].draws:
        drawn = method.complete(matrix, rng, 20)[:, :1000, 0]
        assert abs((drawn - expected).std() / spread - 1) < 0.1


@pytest.mark.parametrize("name", [name for name, entry in METHODS.items() if entry.draws and entry.contest])
def test_draws_keep_variance_and_correlation(name: str) -> None:
    rng = np.random.default_rng(0)
    full = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 1_000)
    matrix = full.copy()
    matrix[rng.random(1_000) < 0.5, 0] = np.nan
    drawn = make_method(name, 5).fit(matrix, (0, 0), rng, np.zeros(2, dtype=bool)).complete(matrix, rng, 5)
    correlations = [np.corrcoef(one.T)[0, 1] for one in drawn]
    assert abs(np.mean(correlations) - 0.8) < 0.06
    assert abs(drawn[:, :, 0].std(1).mean() - 1) < 0.1


@pytest.mark.slow
def test_matching_and_leaves_give_observed_values_only() -> None:
    _, matrix = table()
    for name in ("matching", "leaves"):
        completed = fitted(name, matrix).complete(matrix, np.random.default_rng(0))[0]
        for column in range(len(KINDS)):
            observed = matrix[~np.isnan(matrix[:, column]), column]
            assert np.isin(completed[:, column], observed).all()


def test_centre_is_the_mean_and_the_most_frequent_category() -> None:
    drawn = np.array([[[1.0, 2.0]], [[2.0, 2.0]], [[6.0, 0.0]]])
    assert centre(drawn, (0, 3)).tolist() == [[3.0, 2.0]]


def test_drawn_categories_have_their_probabilities() -> None:
    drawn = draw_categories(np.tile([1.0, 0.0, 3.0], (4_000, 1)), np.random.default_rng(0))
    shares = np.bincount(drawn.astype(int), minlength=3) / 4_000
    np.testing.assert_allclose(shares, [0.25, 0, 0.75], atol=0.03)


def test_names_and_options_are_checked() -> None:
    with pytest.raises(SettingError, match='Did you mean "trees"'):
        make_method("tree")
    with pytest.raises(SettingError, match="does not take these options"):
        make_method("mean", options={"depth": 3})
    with pytest.raises(SettingError, match="trees must be a number above 0, got 0"):
        make_method("trees", options={"trees": 0})


@pytest.mark.parametrize("name", METHODS)
def test_every_method_documents_its_options(name: str) -> None:
    kind = type(make_method(name))
    assert all(
        option in (inspect.getdoc(kind) or "") + (inspect.getdoc(kind.__mro__[1]) or "")
        for option in inspect.signature(kind).parameters
    )


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("vae", "gain")])
def test_units_far_from_zero_and_constants_do_no_harm(name: str) -> None:
    rng = np.random.default_rng(0)
    base = rng.standard_normal(60)
    full = np.stack([1e9 + base, 0.1 + 0 * base, 2_000 + 1e-3 * base, base], 1)
    matrix = np.where(rng.random(full.shape) < 0.2, np.nan, full)
    filled = fitted(name, matrix, (0, 0, 0, 0)).complete(matrix, np.random.default_rng(0))[0]
    error = np.abs(filled - full).max(0) / [1, 0.1, 1e-3, 1]
    assert (error < [8, 0.5, 8, 8]).all()
