"""Chained random forests: the best guess on most tables of mixed columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.chained import Chained, Column, Conditional
from saddlepoint.applications.impute.method import Matrix
from saddlepoint.applications.impute.methods.leaves import fit_trees, tree_inputs

FEATURES = 1 / 3  # share of the inputs that are tried at a split


class Forest:
    """A random forest as the conditional expectation or the most likely category of a column.

    Args:
        categories: of the column, 0 for numbers.
        trees: number of trees.
    """

    def __init__(self, categories: int, trees: int) -> None:
        self.categories, self.trees = categories, trees
        self._trees: list[Any] = []
        self._classes: npt.NDArray[np.float64] | None = None

    def fit(self, inputs: Matrix, values: Column, rng: np.random.Generator) -> None:
        """Grow the forest."""
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        kind = ExtraTreesClassifier if self.categories else ExtraTreesRegressor
        forest = kind(self.trees, max_features=FEATURES, random_state=int(rng.integers(2**31)))
        fit_trees(forest, tree_inputs(inputs), values)
        self._trees = [tree.tree_ for tree in forest.estimators_]
        self._classes = forest.classes_ if self.categories else None

    def predict(self, inputs: Matrix, rng: np.random.Generator) -> Column:
        """Return the mean over the trees, or the category that is most likely by their mean."""
        points = tree_inputs(inputs)
        # Tree by tree: the forest's own prediction starts a pool of threads each time, which takes longer than the prediction.
        found = sum(tree.predict(points) for tree in self._trees) / len(self._trees)
        if self._classes is not None:
            return np.asarray(self._classes[found.argmax(1)], dtype=np.float64)
        return np.asarray(found[:, 0], dtype=np.float64)


class Trees(Chained):
    """MissForest: chained forests, until the values change more than in the round before.

    Args:
        trees: number of trees a column.
        rounds: most rounds over all columns.

    References:
        MissForest: non-parametric missing value imputation for mixed-type data (Stekhoven, Bühlmann, 2012),
        https://doi.org/10.1093/bioinformatics/btr597.
    """

    def __init__(self, trees: int = 50, rounds: int = 5) -> None:
        super().__init__(rounds, 1)
        self.trees = trees

    def conditional(self, kind: int) -> Conditional:
        """Make a forest."""
        return Forest(kind, self.trees)
