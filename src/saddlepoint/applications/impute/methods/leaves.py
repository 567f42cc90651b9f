"""Draws from the leaves of chained forests: observed values of rows that are alike, whatever the shape of their distribution."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.chained import Chained, Column, Conditional
from saddlepoint.applications.impute.method import Matrix

TREES = 10
LEAF = 5  # rows of a leaf


def tree_inputs(inputs: Matrix) -> npt.NDArray[np.float32]:
    """(n, F) as trees take them, with at least one input: a table of one column leaves none."""
    return (inputs if inputs.shape[1] else np.zeros((len(inputs), 1))).astype(np.float32)


def fit_trees(model: Any, inputs: npt.NDArray[np.float32], values: Column) -> Any:
    """Fit a forest or a tree of scikit-learn and return it, without checks that have been made already.

    Args:
        model: with a method `fit`.
        inputs: (n, F).
        values: (n,) numbers, or codes of categories.
    """
    from sklearn import config_context

    with config_context(assume_finite=True, skip_parameter_validation=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        return model.fit(inputs, values)


class LeafDraw:
    """A forest from which values are drawn: for each row a random tree, and a random member of the row's leaf.

    The rows are a bootstrap sample, so that forests of different chains differ as much as their fit is uncertain.

    Args:
        categories: of the column, 0 for numbers.
    """

    def __init__(self, categories: int) -> None:
        self.categories = categories
        self._trees: list[tuple[Any, npt.NDArray[np.int64], Column]] = []

    def fit(self, inputs: Matrix, values: Column, rng: np.random.Generator) -> None:
        """Grow the trees, each on a bootstrap sample."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        kind = DecisionTreeClassifier if self.categories else DecisionTreeRegressor
        points = tree_inputs(inputs)
        self._trees = []
        for _ in range(TREES):
            sample = rng.integers(len(values), size=len(values))
            tree = kind(min_samples_leaf=LEAF, max_features=1 / 3, random_state=int(rng.integers(2**31)))
            fit_trees(tree, points[sample], values[sample])
            leaves = tree.tree_.apply(points[sample])
            order = np.argsort(leaves, kind="stable")
            self._trees.append((tree.tree_, leaves[order], values[sample][order]))

    def predict(self, inputs: Matrix, rng: np.random.Generator) -> Column:
        """Draw a value for each row."""
        points = tree_inputs(inputs)
        chosen, places = rng.integers(TREES, size=len(points)), rng.random(len(points))
        drawn = np.empty(len(points))
        for number, (tree, leaves, members) in enumerate(self._trees):
            rows = np.flatnonzero(chosen == number)
            if len(rows):
                own = tree.apply(points[rows])
                first, last = np.searchsorted(leaves, own, "left"), np.searchsorted(leaves, own, "right")
                drawn[rows] = members[first + (places[rows] * (last - first)).astype(np.int64)]
        return drawn


class Leaves(Chained):
    """Draws from the leaves of chained forests.

    Args:
        rounds: of each chain.
        chains: number of chains, each with its own forests.

    References:
        Recursive partitioning for missing data imputation in the presence of interaction effects (Doove, van Buuren, Dusseldorp,
        2014), https://doi.org/10.1016/j.csda.2013.10.025.
    """

    draws = True

    def __init__(self, rounds: int = 5, chains: int = 1) -> None:
        super().__init__(rounds, chains)

    def conditional(self, kind: int) -> Conditional:
        """Make a forest to draw from."""
        return LeafDraw(kind)
