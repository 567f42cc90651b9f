"""Which columns of a table predict another one: all those before it, or the most correlated ones where these are many.

A tree looks for its splits among all columns that it sees, so that trees of every column given all those before it take a time that
grows with the square of their number. Few columns carry what the others say of a column.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BLOCK = 512  # columns whose correlations are computed together

Columns = npt.NDArray[np.int32]


class Predictors:
    """The predictors of each column among the columns before it.

    The strength of a relation is the largest absolute correlation between two columns or their squares, so that a column that depends
    on another one's distance from its mean is found too.

    Args:
        x: (N, D) the columns.
        most: predictors of a column.

    References:
        Flexible Imputation of Missing Data (Stef van Buuren, 2018), section 6.3.2, which takes 15 to 25 predictors by their
            correlation where there are hundreds of columns (`quickpred` of the package mice),
            https://stefvanbuuren.name/fimd/sec-modelform.html
    """

    def __init__(self, x: npt.NDArray[np.float32], most: int) -> None:
        self._most, self._chosen = most, dict[int, Columns]()
        if x.shape[1] > most + 1:
            self._choose(x.astype(np.float64))

    def of(self, column: int) -> Columns:
        """The predictors (P,) of a column, ascending."""
        found = self._chosen.get(column)
        return np.arange(column, dtype=np.int32) if found is None else found

    def _choose(self, x: npt.NDArray[np.float64]) -> None:
        own = _standardised(x)
        forms = (own, _standardised(own**2))
        for begin in range(0, x.shape[1], BLOCK):
            block = slice(begin, begin + BLOCK)
            strength = np.max([np.abs(one.T @ other[:, block]) for one in forms for other in forms], axis=0)
            for column in range(max(begin, self._most + 1), min(begin + BLOCK, x.shape[1])):
                # A stable order, by strength rounded so that equal ones are not decided by the last bits.
                order = np.argsort(-np.round(strength[:column, column - begin], 6), kind="stable")
                self._chosen[column] = np.sort(order[: self._most]).astype(np.int32)


def _standardised(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Columns (N, D) with mean 0 and norm 1; a constant one is 0."""
    centred = x - x.mean(axis=0)
    norm = np.linalg.norm(centred, axis=0)
    return np.asarray(centred / np.where(norm > 0, norm, 1.0))
