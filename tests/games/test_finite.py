"""Finite zero-sum games: the minimax theorem, known solutions, and learners within their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from saddlepoint.errors import SettingError
from saddlepoint.games.finite import MATCHING_PENNIES, ROCK_PAPER_SCISSORS, equilibrium, exploitability
from saddlepoint.games.learning import best_rate, fictitious_play, multiplicative_weights, regret_bound

PAYOFFS = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: arrays.arrays(np.float64, shape, elements=st.floats(-100, 100).map(lambda x: round(x, 3)))
)
KNOWN = {
    "matching pennies": (MATCHING_PENNIES, 0.0, [0.5, 0.5], [0.5, 0.5]),
    "rock, paper, scissors": (ROCK_PAPER_SCISSORS, 0.0, [1 / 3] * 3, [1 / 3] * 3),
    "a saddle point in pure strategies": ([[3.0, 1.0, 4.0], [0.0, -2.0, 9.0]], 1.0, [1.0, 0.0], [0.0, 1.0, 0.0]),
    "one strategy each": ([[7.5]], 7.5, [1.0], [1.0]),
}


def random_strategies(shape: tuple[int, ...], seed: int) -> np.ndarray:
    weights = np.random.default_rng(seed).exponential(size=shape)
    return weights / weights.sum(-1, keepdims=True)


@pytest.mark.parametrize("name", KNOWN)
def test_known_games_have_their_known_solutions(name):
    payoff, value, row, column = KNOWN[name]
    found = equilibrium(payoff)
    assert found.value == pytest.approx(value, abs=1e-9)
    np.testing.assert_allclose(found.row, row, atol=1e-9)
    np.testing.assert_allclose(found.column, column, atol=1e-9)


@given(arrays.arrays(np.float64, (2, 2), elements=st.floats(-10, 10).map(lambda x: round(x, 2))))
def test_two_by_two_games_have_the_closed_form(payoff):
    """Without a saddle point: value (ad - bc) / (a + d - b - c), first row with probability (d - c) / the same."""
    (a, b), (c, d) = payoff
    highest, lowest = payoff.min(1).max(), payoff.max(0).min()
    found = equilibrium(payoff)
    if highest == lowest:
        assert found.value == pytest.approx(highest, abs=1e-7)
    else:
        total = a + d - b - c
        assert found.value == pytest.approx((a * d - b * c) / total, abs=1e-7)
        assert found.row[0] == pytest.approx((d - c) / total, abs=1e-6)
        assert found.column[0] == pytest.approx((d - b) / total, abs=1e-6)


@pytest.mark.slow
@given(PAYOFFS)
def test_both_players_guarantees_meet(payoff):
    """The minimax theorem; and an equilibrium cannot be exploited."""
    found = equilibrium(payoff)
    near = 1e-7 * max(1.0, np.abs(payoff).max())
    assert (found.row @ payoff).min() == pytest.approx(found.value, abs=near)
    assert (payoff @ found.column).max() == pytest.approx(found.value, abs=near)
    assert exploitability(payoff, found.row, found.column) == pytest.approx(0, abs=2 * near)
    for strategy in (found.row, found.column):
        assert strategy.min() >= 0
        assert strategy.sum() == pytest.approx(1)


@pytest.mark.slow
@given(PAYOFFS, st.integers(0, 999))
def test_no_strategies_are_exploited_by_less_than_nothing(payoff, seed):
    m, n = payoff.shape
    row, column = random_strategies((m,), seed), random_strategies((n,), seed + 1)
    assert exploitability(payoff, row, column) >= -1e-9
    value = equilibrium(payoff).value
    assert (row @ payoff).min() - 1e-6 <= value <= (payoff @ column).max() + 1e-6


@pytest.mark.slow
@given(PAYOFFS, st.floats(0.01, 100), st.floats(-50, 50))
def test_the_value_moves_with_the_payoffs(payoff, scale, shift):
    """scale x + shift changes the value in the same way, and swapping the players changes its sign."""
    value = equilibrium(payoff).value
    assert equilibrium(scale * payoff + shift).value == pytest.approx(scale * value + shift, abs=1e-5 * (1 + scale))
    assert equilibrium(-payoff.T).value == pytest.approx(-value, abs=1e-6)


@given(PAYOFFS, st.integers(1, 300), st.none() | st.floats(0.01, 2.0))
def test_averages_of_multiplicative_weights_stay_within_their_bound(payoff, rounds, rate):
    play = multiplicative_weights(payoff, rounds, rate)
    gap = exploitability(payoff, *play.average())
    assert -1e-9 <= gap <= regret_bound(payoff, rounds, rate) + 1e-9


@given(
    st.integers(2, 6),
    st.integers(2, 6),
    st.integers(1, 10_000),
    st.floats(0.2, 5.0).filter(lambda f: abs(f - 1) > 0.01),
)
def test_no_other_rate_has_a_lower_bound(m, n, rounds, factor):
    payoff = np.eye(m, n)
    best = best_rate((m, n), rounds)
    assert regret_bound(payoff, rounds) < regret_bound(payoff, rounds, factor * best)


def divergence(solution: np.ndarray, strategies: np.ndarray) -> np.ndarray:
    return (solution * np.log(solution / strategies)).sum(1)


@pytest.mark.slow
@given(st.integers(0, 999), st.floats(0.05, 0.5))
def test_last_strategies_of_multiplicative_weights_leave_a_mixed_equilibrium(seed, rate):
    """KL(equilibrium, strategies), over both players, grows in every round (Bailey & Piliouras 2018)."""
    # A circle of wins like rock, paper, scissors, of unequal stakes: its equilibrium mixes all.
    a, b, c = np.random.default_rng(seed).uniform(0.5, 1.5, 3)
    payoff = np.array([[0, -a, b], [a, 0, -c], [-b, c, 0]])
    solution = np.array([c, b, a]) / (a + b + c)
    np.testing.assert_allclose(equilibrium(payoff).row, solution, atol=1e-7)
    play = multiplicative_weights(payoff, 200, rate)
    if np.allclose(play.rows[0], solution):
        return
    apart = divergence(solution, play.rows) + divergence(solution, play.columns)
    assert (np.diff(apart) >= -1e-12).all()


def test_optimism_makes_the_last_strategies_converge():
    payoff = np.array([[0.0, -1.0, 2.0], [1.0, 0.0, -1.0], [-2.0, 1.0, 0.0]])
    plain, optimistic = (multiplicative_weights(payoff, 3_000, 1.0, optimism) for optimism in (False, True))
    assert optimistic.last_exploitability()[-1] < 1e-4
    assert plain.last_exploitability()[-1] > plain.last_exploitability()[0]


@pytest.mark.parametrize("name", KNOWN)
def test_averages_of_fictitious_play_approach_the_solution_of_known_games(name):
    payoff, value, _, _ = KNOWN[name]
    play = fictitious_play(payoff, 10_000)
    gaps = play.average_exploitability()
    assert gaps[-1] < 0.05
    assert gaps[-1] <= gaps[9]
    row, _ = play.average()
    assert (row @ np.asarray(payoff)).min() == pytest.approx(value, abs=0.05)


@given(PAYOFFS, st.integers(1, 60))
def test_fictitious_play_answers_best_to_what_was_played(payoff, rounds):
    play = fictitious_play(payoff, rounds)
    assert set(np.unique(play.rows)) <= {0.0, 1.0}
    assert (play.rows.sum(1) == 1).all()
    for turn in range(1, rounds):
        row, column = play.average(turn)
        assert play.rows[turn] @ payoff @ column == pytest.approx((payoff @ column).max(), abs=1e-6)
        assert row @ payoff @ play.columns[turn] == pytest.approx((row @ payoff).min(), abs=1e-6)


@given(PAYOFFS, st.integers(1, 40))
def test_the_series_of_exploitabilities_is_that_of_each_round(payoff, rounds):
    play = multiplicative_weights(payoff, rounds, 0.3)
    last, average = play.last_exploitability(), play.average_exploitability()
    for turn in range(rounds):
        assert last[turn] == pytest.approx(exploitability(payoff, play.rows[turn], play.columns[turn]), abs=1e-9)
        assert average[turn] == pytest.approx(exploitability(payoff, *play.average(turn + 1)), abs=1e-9)


@pytest.mark.parametrize("payoff", [np.zeros((0, 2)), [1.0, 2.0], [[np.nan, 1.0]], [[np.inf]]])
def test_invalid_games_are_refused(payoff):
    with pytest.raises(SettingError, match="finite matrix"):
        equilibrium(payoff)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ([0.5, 0.5], [1.0, 0.0, 0.0], "row must be 3 probabilities, one a strategy; got shape \\(2,\\)"),
        ([1.0, 0.0, 0.0], [[1.0, 0.0, 0.0]], "column must be 3 probabilities"),
        ([1.0, 1.0, 0.0], [1.0, 0.0, 0.0], "row must be probabilities, .* their sum 2"),
        ([1.0, 0.0, 0.0], [1.5, -0.5, 0.0], "column must be probabilities, .* the least is -0.5"),
        ([1.0, 0.0, np.nan], [1.0, 0.0, 0.0], "row must be probabilities"),
    ],
)
def test_invalid_mixed_strategies_are_refused(row, column, said):
    with pytest.raises(SettingError, match=said):
        exploitability(ROCK_PAPER_SCISSORS, row, column)


@pytest.mark.parametrize("rounds", [0, -3])
@pytest.mark.parametrize("learn", [fictitious_play, multiplicative_weights, regret_bound])
def test_no_rounds_are_refused(learn, rounds):
    with pytest.raises(SettingError, match=f"rounds must be at least 1, got {rounds}"):
        learn(MATCHING_PENNIES, rounds)


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan, np.inf])
@pytest.mark.parametrize("learn", [multiplicative_weights, regret_bound])
def test_rates_that_are_none_are_refused(learn, rate):
    with pytest.raises(SettingError, match="rate must be finite and above 0"):
        learn(MATCHING_PENNIES, 3, rate)


def test_an_average_of_no_rounds_is_refused():
    with pytest.raises(SettingError, match="rounds must be at least 1, got 0"):
        fictitious_play(MATCHING_PENNIES, 3).average(0)
