"""Columns of a table as inputs of a regression: standardised numbers, and indicators of categories."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.method import Kinds, Matrix

MOST_INDICATORS = 30  # categories of a column; more of them are one number, their rank by frequency


class Design:
    """The encoding of a matrix (N, D) as inputs (N, F).

    Args:
        matrix: (N, D) with NaN in missing cells, gives means, scales and frequencies.
        kinds: of its columns.
        drop_first: leave out the indicator of the first category, so that the indicators of a column do not sum to one.
    """

    def __init__(self, matrix: Matrix, kinds: Kinds, *, drop_first: bool = False) -> None:
        self.kinds, self.drop_first = kinds, drop_first
        self.mean, self.scale = np.zeros(len(kinds)), np.ones(len(kinds))
        self._rank: dict[int, npt.NDArray[np.float64]] = {}
        self.parts: list[slice] = []
        start = 0
        for column, kind in enumerate(kinds):
            width = self._fit_column(column, kind, matrix[~np.isnan(matrix[:, column]), column])
            self.parts.append(slice(start, start + width))
            start += width
        self.width = start

    def is_indicated(self, column: int) -> bool:
        """Whether the column is encoded by indicators."""
        return 0 < self.kinds[column] <= MOST_INDICATORS

    def encode(self, matrix: Matrix) -> Matrix:
        """(N, D) -> (N, F); missing cells are NaN in all their inputs."""
        return np.concatenate([self.encode_column(matrix[:, column], column) for column in range(len(self.kinds))], 1)

    def encode_column(self, values: npt.NDArray[np.float64], column: int) -> Matrix:
        """(N,) values of one column -> (N, width of its part)."""
        missing = np.isnan(values)
        if not self.is_indicated(column):
            if column in self._rank:
                values = np.where(missing, np.nan, self._rank[column][np.where(missing, 0, values).astype(np.int64)])
            scaled: Matrix = (values - self.mean[column]) / self.scale[column]
            return scaled[:, None]
        first = int(self.drop_first)
        indicators: Matrix = (values[:, None] == np.arange(first, self.kinds[column])).astype(np.float64)
        indicators[missing] = np.nan
        return indicators

    def decode(self, inputs: Matrix) -> Matrix:
        """(N, F) -> (N, D): numbers in their own units, and the category with the largest indicator."""
        columns = []
        for column, part in enumerate(self.parts):
            if self.is_indicated(column):
                columns.append(self.probabilities(inputs, column).argmax(1).astype(np.float64))
            else:
                columns.append(self.decode_number(inputs[:, part.start], column))
        return np.stack(columns, 1)

    def decode_number(self, values: npt.NDArray[np.float64], column: int) -> npt.NDArray[np.float64]:
        """(N,) inputs of a column without indicators -> (N,) numbers, or the category with the nearest rank."""
        values = values * self.scale[column] + self.mean[column]
        if column not in self._rank:
            return values
        order = np.argsort(self._rank[column])
        nearest = np.clip(np.round(values), 0, len(order) - 1)
        return order[np.nan_to_num(nearest).astype(np.int64)].astype(np.float64)

    def probabilities(self, inputs: Matrix, column: int) -> Matrix:
        """(N, F) expected indicators -> (N, K) probabilities of the categories of a column, at least a little each."""
        part = inputs[:, self.parts[column]]
        if self.drop_first:
            part = np.concatenate([1 - part.sum(1, keepdims=True), part], 1)
        positive: Matrix = np.clip(part, 1e-6, None)
        positive /= positive.sum(1, keepdims=True)
        return positive

    def _fit_column(self, column: int, kind: int, observed: npt.NDArray[np.float64]) -> int:
        if self.is_indicated(column):
            return kind - int(self.drop_first)
        if kind:
            counts = np.bincount(observed.astype(np.int64), minlength=kind)
            rank = np.empty(kind)
            rank[np.argsort(-counts, kind="stable")] = np.arange(kind)
            self._rank[column] = rank
            observed = rank[observed.astype(np.int64)]
        self.mean[column] = observed.mean()
        # Equal numbers can have a tiny spread by rounding.
        spread = float(observed.std())
        self.scale[column] = spread if spread > 1e-12 * float(np.abs(observed).max()) else 1.0
        return 1
