"""Chained equations: a regression of every column on all others, fitted and applied in turn until little changes.

A chain keeps the last regression of every column, so that new rows are completed by the same regressions without fitting again.
Columns come in the order of their missing shares, the fullest first.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.design import Design
from saddlepoint.applications.impute.method import ImputationMethod, Kinds, Mask, Matrix, typical_values
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import Keep

MOST_ROWS = 5_000  # that one regression is fitted to, drawn anew for each

Column = npt.NDArray[np.float64]


class Conditional(Protocol):
    """The distribution of a column given all others."""

    def fit(self, inputs: Matrix, values: Column, rng: np.random.Generator) -> None:
        """Learn from inputs (n, F) and values (n,), again if it has learnt before; one that draws also draws its parameters here."""

    def predict(self, inputs: Matrix, rng: np.random.Generator) -> Column:
        """(n, F) -> (n,): a value for each row, the best guess or a draw."""


@dataclass
class Chain:
    """The regressions of one chain.

    Attributes:
        models: by column.
        order: columns in which cells may be missing, in the order in which they are filled.
    """

    models: dict[int, Conditional]
    order: list[int]


class Chained(ImputationMethod):
    """Base of the methods by chained equations.

    Args:
        rounds: most rounds over all columns.
        chains: number of independent chains; draws take turns among them.

    References:
        Flexible Imputation of Missing Data (van Buuren, 2018), https://stefvanbuuren.name/fimd/.
    """

    _fitted: list[Chain]

    def __init__(self, rounds: int = 10, chains: int = 1) -> None:
        self.rounds, self.chains = rounds, chains

    @abstractmethod
    def conditional(self, kind: int) -> Conditional:
        """Make the regression, not yet fitted, of a column with this many categories (0 for numbers)."""

    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        self._describe(matrix)
        self._fitted = []
        # A generator of its own for each chain, so that a chain does not depend on those before it.
        for own in rng.spawn(self.chains):
            self._fitted.append(self._fit_chain(matrix, targets, own, len(self._fitted)))

    def _describe(self, matrix: Matrix) -> None:
        """Note scales, typical values and the values from which chains begin."""
        self._design = Design(matrix, self.kinds)
        self._typical = typical_values(matrix, self.kinds)
        self._observed = [matrix[~np.isnan(matrix[:, column]), column] for column in range(len(self.kinds))]

    def fit_and_complete(
        self,
        matrix: Matrix,
        kinds: Sequence[int],
        rngs: tuple[np.random.Generator, np.random.Generator],
        draws: int,
        targets: Mask | None = None,
        keep: Keep | None = None,
        report: Report | None = None,
    ) -> npt.NDArray[np.float64]:
        """As in the base class; chain after chain is fitted, completes the matrix and is kept by what it filled in."""
        if not self.draws or self.chains != draws:
            return super().fit_and_complete(matrix, kinds, rngs, draws, targets, keep, report)
        matrix = np.array(matrix, dtype=np.float64)
        wanted = self._prepare(matrix, kinds, targets)
        self._describe(matrix)
        missing = np.isnan(matrix)
        completed = np.repeat(matrix[None], draws, axis=0)
        self._fitted, self._report = [], report
        try:
            for draw, (first, second) in enumerate(zip(rngs[0].spawn(draws), rngs[1].spawn(draws), strict=True)):
                values = None if keep is None else keep.read(f"draw-{draw}")
                if values is None:
                    chain = self._fit_chain(matrix, wanted, first, draw)
                    completed[draw] = self._complete_by(partial(self._fill_by, chain, rng=second), matrix)
                    if keep is not None:
                        keep.write(f"draw-{draw}", completed[draw][missing])
                else:
                    completed[draw][missing] = values
        finally:
            self._report = None
        return completed

    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        return self._fill_by(self._fitted[draw % len(self._fitted)], matrix, rng)

    def _fill_by(self, chain: Chain, matrix: Matrix, rng: np.random.Generator) -> Matrix:
        missing = np.isnan(matrix)
        filled = self._start(matrix, rng)
        inputs = self._design.encode(filled)
        order = [column for column in chain.order if missing[:, column].any()]
        # The number of rounds does not depend on how much rows change, so that each row is completed as it would be alone.
        for _ in range(self._rounds(missing)):
            for column in order:
                rows = missing[:, column]
                without = np.delete(inputs[rows], self._design.parts[column], axis=1)
                self._set(filled, inputs, rows, column, chain.models[column].predict(without, rng))
        return filled

    def _fit_chain(self, matrix: Matrix, targets: Mask, rng: np.random.Generator, number: int) -> Chain:
        missing = np.isnan(matrix)
        share = missing.mean(0)
        order = [int(column) for column in np.argsort(share, kind="stable") if share[column] > 0]
        filled = self._start(matrix, rng)
        inputs = self._design.encode(filled)
        models: dict[int, Conditional] = {}
        last: tuple[float, float] = (np.inf, np.inf)
        further = [int(column) for column in np.flatnonzero(targets & (share == 0))]
        rounds = self._rounds(missing)
        fits, done = rounds * len(order) + len(further), 0
        for turn in range(rounds):
            before, kept = filled.copy(), dict(models)
            for column in order:
                chain = f"chain {number + 1} of {self.chains}, " if self.chains > 1 else ""
                place = f"round {turn + 1} of {rounds}, column {order.index(column) + 1} of {len(order)}"
                self._say(f"{chain}{place}", (number + done / fits) / self.chains)
                done += 1
                rows = missing[:, column]
                # Draws are refitted in place, from where they were; a best guess may go back to the round before.
                model = models.get(column) if self.draws else None
                models[column] = self._fit_column(inputs, filled, rows, column, rng, model)
                without = np.delete(inputs[rows], self._design.parts[column], axis=1)
                self._set(filled, inputs, rows, column, models[column].predict(without, rng))
            change = changes(before, filled, missing, self.kinds)
            # As MissForest: when numbers and categories both change more than in the round before, that round was the best.
            if not self.draws and all(now >= then for now, then in zip(change, last, strict=True)):
                filled, models = before, kept
                inputs = self._design.encode(filled)
                break
            last = change
        for column in further:
            models[column] = self._fit_column(inputs, filled, missing[:, column], column, rng)
        return Chain(models, [*further, *order])

    def _fit_column(
        self,
        inputs: Matrix,
        filled: Matrix,
        missing: Mask,
        column: int,
        rng: np.random.Generator,
        model: Conditional | None = None,
    ) -> Conditional:
        model = model or self.conditional(self.kinds[column])
        rows = np.flatnonzero(~missing)
        if len(rows) > MOST_ROWS:
            rows = rng.choice(rows, MOST_ROWS, replace=False)
        model.fit(np.delete(inputs[rows], self._design.parts[column], axis=1), filled[rows, column], rng)
        return model

    def _rounds(self, missing: Mask) -> int:
        """One round suffices where one column alone has missing cells: nothing that it depends on changes."""
        return 1 if missing.any(0).sum() <= 1 else self.rounds

    def _start(self, matrix: Matrix, rng: np.random.Generator) -> Matrix:
        """First values: typical ones for a best guess, random observed ones for draws."""
        missing = np.isnan(matrix)
        if not self.draws:
            return np.where(missing, self._typical, matrix)
        filled = matrix.copy()
        for column in np.flatnonzero(missing.any(0)):
            filled[missing[:, column], column] = rng.choice(self._observed[column], missing[:, column].sum())
        return filled

    def _set(self, filled: Matrix, inputs: Matrix, rows: Mask, column: int, values: Column) -> None:
        filled[rows, column] = values
        inputs[rows, self._design.parts[column]] = self._design.encode_column(values, column)


def changes(before: Matrix, after: Matrix, missing: Mask, kinds: Kinds) -> tuple[float, float]:
    """How much a round changed the missing cells: of the numbers, relative to their squares, and the share of categories."""
    is_category = np.asarray(kinds) > 0
    numbers, categories = missing & ~is_category, missing & is_category
    squares = float((after[numbers] ** 2).sum())
    moved = float(((after[numbers] - before[numbers]) ** 2).sum())
    other = float((after[categories] != before[categories]).mean()) if categories.any() else 0.0
    return (moved / squares if squares else 0.0), other
