"""Learning a finite zero-sum game by repeated play: averages find an equilibrium, last strategies may not.

SettingError is raised for payoffs that are no finite matrix, for less than one round, and for rates that are not above 0.

As in GANs, the players' *averages* over time approach an equilibrium, while their present strategies may circle around it or
diverge. With optimism the last strategies converge too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.errors import SettingError
from saddlepoint.games.finite import Vector, checked_payoff


@dataclass(frozen=True)
class Play:
    """Rounds of a game: the mixed strategies that were played, rows (T, m) and columns (T, n)."""

    payoff: Vector
    rows: Vector
    columns: Vector

    def average(self, rounds: int | None = None) -> tuple[Vector, Vector]:
        """The mean strategies (m,), (n,) of the first `rounds` rounds (None: of all)."""
        _check_rounds(1 if rounds is None else rounds)
        return self.rows[:rounds].mean(0), self.columns[:rounds].mean(0)

    def last_exploitability(self) -> Vector:
        """(T,): exploitability of what was played in each round."""
        return _exploitabilities(self.payoff, self.rows, self.columns)

    def average_exploitability(self) -> Vector:
        """(T,): exploitability of the averages up to each round."""
        rounds = np.arange(1, len(self.rows) + 1)[:, None]
        return _exploitabilities(self.payoff, self.rows.cumsum(0) / rounds, self.columns.cumsum(0) / rounds)


def fictitious_play(payoff: ArrayLike, rounds: int) -> Play:
    """Each player answers best, with one pure strategy, to the average of what the other has played; ties: the first.

    Its averages approach an equilibrium: Iterative Solution of Games by Fictitious Play (Brown, in Activity Analysis of
    Production and Allocation, 1951); An Iterative Method of Solving a Game (Robinson, 1951),
    https://doi.org/10.2307/1969530

    Args:
        payoff: (m, n), what the row player gets.
        rounds: at least 1; in the first, both play their first strategy.
    """
    matrix = checked_payoff(payoff)
    _check_rounds(rounds)
    m, n = matrix.shape
    rows, columns = np.zeros((rounds, m)), np.zeros((rounds, n))
    gains, losses = np.zeros(m), np.zeros(n)  # of each pure strategy against all that the other has played
    for turn in range(rounds):
        row, column = int(gains.argmax()), int(losses.argmin())
        rows[turn, row] = columns[turn, column] = 1.0
        gains += matrix[:, column]
        losses += matrix[row]
    return Play(matrix, rows, columns)


def multiplicative_weights(payoff: ArrayLike, rounds: int, rate: float | None = None, optimistic: bool = False) -> Play:
    """Each player weighs its pure strategies by exp(rate x what they would have gained so far), over payoffs' range.

    The averages' exploitability is at most `regret_bound`. Adaptive Game Playing Using Multiplicative Weights (Freund,
    Schapire, 1999), https://doi.org/10.1006/game.1999.0738; the last strategies, meanwhile, move away from an equilibrium
    that mixes all strategies: Multiplicative Weights Update in Zero-Sum Games (Bailey, Piliouras, 2018),
    https://doi.org/10.1145/3219166.3219235

    Args:
        payoff: (m, n), what the row player gets.
        rounds: at least 1.
        rate: above 0, None: the one with the least bound.
        optimistic: the last gain counts twice, as a forecast of the next one; then the last strategies converge where
            the equilibrium is unique and the rate small. Last-Iterate Convergence: Zero-Sum Games and Constrained
            Min-Max Optimization (Daskalakis, Panageas, 2019), https://arxiv.org/abs/1807.04252.
    """
    matrix = checked_payoff(payoff)
    m, n = matrix.shape
    step = _rate(matrix, rounds, rate)
    scaled = matrix / (np.ptp(matrix) or 1.0)
    rows, columns = np.empty((rounds, m)), np.empty((rounds, n))
    gains, losses = np.zeros(m), np.zeros(n)
    gain, loss = np.zeros(m), np.zeros(n)
    for turn in range(rounds):
        forecast = float(optimistic)
        row = rows[turn] = _softmax(step * (gains + forecast * gain))
        column = columns[turn] = _softmax(-step * (losses + forecast * loss))
        gain, loss = scaled @ column, row @ scaled
        gains += gain
        losses += loss
    return Play(matrix, rows, columns)


def regret_bound(payoff: ArrayLike, rounds: int, rate: float | None = None) -> float:
    """The most that `multiplicative_weights`' averages can be exploited by, in payoff's units, not being optimistic.

    range x ((log m + log n) / (rate T) + rate / 4): the sum of both players' regrets, each log(m) / rate + rate T / 8.

    Prediction, Learning, and Games (Cesa-Bianchi, Lugosi, 2006), https://doi.org/10.1017/CBO9780511546921, theorem 2.2
    """
    matrix = checked_payoff(payoff)
    step = _rate(matrix, rounds, rate)
    return float(np.ptp(matrix) * (np.log(matrix.size) / (step * rounds) + step / 4))


def best_rate(shape: tuple[int, ...], rounds: int) -> float:
    """The rate with the least `regret_bound`: sqrt(4 log(m n) / T); 1 for a game without choices."""
    _check_rounds(rounds)
    return float(np.sqrt(4 * np.log(np.prod(shape)) / rounds)) or 1.0


def _rate(matrix: Vector, rounds: int, rate: float | None) -> float:
    """The rate that is given, or the best one. Raises SettingError for rates and rounds that there are not."""
    _check_rounds(rounds)
    if rate is not None and not 0 < rate < np.inf:
        raise SettingError(f"rate must be finite and above 0, or None for the best one; got {rate!r}.")
    return best_rate(matrix.shape, rounds) if rate is None else rate


def _check_rounds(rounds: int) -> None:
    if rounds < 1:
        raise SettingError(f"rounds must be at least 1, got {rounds!r}.")


def _softmax(scores: Vector) -> Vector:
    weights: Vector = np.exp(scores - scores.max())
    weights /= weights.sum()
    return weights


def _exploitabilities(payoff: Vector, rows: Vector, columns: Vector) -> Vector:
    gaps: Vector = (columns @ payoff.T).max(1) - (rows @ payoff).min(1)
    return gaps
