"""Finite zero-sum games: a matrix of payoffs, its value, and one best mixed strategy of each player.

The row player picks a row, the column player a column; the row player gets payoff[row, column] from the other. Mixed
strategies are probabilities over rows (m,) and columns (n,). That the best guarantee of the row player equals the best of the
column player is the minimax theorem: Zur Theorie der Gesellschaftsspiele (von Neumann, 1928),
https://doi.org/10.1007/BF01448847

Both guarantees are linear programs: maximise v such that row @ payoff >= v in every column. A Proof of the Equivalence of the
Programming Problem and the Game Problem (Dantzig, in Activity Analysis of Production and Allocation, 1951),
https://cowles.yale.edu/cowles-monograph-13
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.errors import SettingError

Vector = NDArray[np.float64]

NEAR = 1e-6  # what rounding may do to probabilities and to their sum

MATCHING_PENNIES = np.array([[1.0, -1.0], [-1.0, 1.0]])
ROCK_PAPER_SCISSORS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])


@dataclass(frozen=True)
class Equilibrium:
    """A solution: row (m,) guarantees the row player `value`, in payoff's units, and column (n,) allows it no more."""

    value: float
    row: Vector
    column: Vector


def equilibrium(payoff: ArrayLike) -> Equilibrium:
    """The value of the game and an optimal mixed strategy of each player, by linear programming.

    Args:
        payoff: (m, n), what the row player gets. Where several strategies are optimal, one of them.

    Raises:
        SettingError: a matrix that is empty or not finite.
    """
    matrix = checked_payoff(payoff)
    row, value = _guarantee(matrix)
    column, _ = _guarantee(-matrix.T)
    return Equilibrium(value, row, column)


def exploitability(payoff: ArrayLike, row: ArrayLike, column: ArrayLike) -> float:
    """Return how much both players together gain if each plays a best response: the duality gap.

    max_i (payoff @ column)_i - min_j (row @ payoff)_j. It is at least 0, and it is 0 exactly at an equilibrium.

    Args:
        payoff: (m, n), the payoff of the row player.
        row: (m,) mixed strategy of the row player.
        column: (n,) mixed strategy of the column player.

    Returns:
        The gain in the units of the payoff.

    Raises:
        SettingError: a strategy is not a vector of probabilities of the right length, or the payoff is empty or not finite.
    """
    matrix = checked_payoff(payoff)
    m, n = matrix.shape
    return float((matrix @ _strategy(column, "column", n)).max() - (_strategy(row, "row", m) @ matrix).min())


def _strategy(probabilities: ArrayLike, player: str, count: int) -> Vector:
    vector = np.asarray(probabilities, dtype=np.float64)
    if vector.shape != (count,):
        raise SettingError(f"{player} must be {count} probabilities, one a strategy; got shape {vector.shape}.")
    if not (vector.min() >= -NEAR and abs(vector.sum() - 1) <= NEAR):
        raise SettingError(
            f"{player} must be probabilities, at least 0 and 1 in all; the least is {vector.min():g} and their sum "
            f"{vector.sum():g}."
        )
    return vector


def checked_payoff(payoff: ArrayLike) -> Vector:
    """The payoffs as a matrix (m, n) of double precision; raises SettingError where it is empty or not finite."""
    matrix = np.asarray(payoff, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0 or not np.isfinite(matrix).all():
        raise SettingError(f"payoff must be a finite matrix (m, n), m and n at least 1; got shape {matrix.shape}.")
    return matrix


def _guarantee(matrix: Vector) -> tuple[Vector, float]:
    """The row player's best guarantee and a strategy (m,) that gives it."""
    from scipy.optimize import linprog

    # Shifted and scaled to [0, 1]: the solver's tolerances are absolute.
    low, range_ = matrix.min(), np.ptp(matrix) or 1.0
    scaled = (matrix - low) / range_
    rows, columns = matrix.shape
    # Unknowns: the strategy, then v. Minimise -v subject to v - (strategy @ scaled)_j <= 0.
    found: Any = linprog(
        c=np.append(np.zeros(rows), -1.0),
        A_ub=np.hstack([-scaled.T, np.ones((columns, 1))]),
        b_ub=np.zeros(columns),
        A_eq=np.append(np.ones(rows), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
        method="highs",
    )
    assert found.success, f"every finite game has a solution, but the solver says: {found.message}"
    strategy = np.clip(found.x[:-1], 0.0, None)
    strategy /= strategy.sum()
    return strategy, float((strategy @ matrix).min())
