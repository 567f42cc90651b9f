"""Decision trees as arrays: grown by scikit-learn, walked by NumPy for many rows at once.

All trees of a model are in one set of arrays, so that a row may begin at the root of any of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Index = npt.NDArray[np.int32]
MOST_CLASSES = 64  # values of a column up to which a split separates them by their Gini impurity; the memory of nodes grows with them


@dataclass(frozen=True)
class DecisionTrees:
    """Binary trees over shared rows.

    Attributes:
        feature: (M,) the column that a node compares.
        threshold: (M,) float64; rows with at most this value go left.
        left, right: (M,) the children, -1 for leaves.
        start, stop: (M,) positions in `members` of the rows of a leaf; equal for other nodes.
        members: rows that the trees were grown on, ordered by tree and leaf.
        roots: (R,) the root of each tree.
    """

    feature: Index
    threshold: npt.NDArray[np.float64]
    left: Index
    right: Index
    start: Index
    stop: Index
    members: Index
    roots: Index

    @classmethod
    def empty(cls, trees: int) -> DecisionTrees:
        """Trees of one leaf without rows."""
        zeros = np.zeros(trees, np.int32)
        return cls(
            zeros,
            zeros.astype(np.float64),
            zeros - 1,
            zeros - 1,
            zeros,
            zeros,
            zeros[:0],
            np.arange(trees, dtype=np.int32),
        )

    @classmethod
    def join(cls, parts: Iterable[DecisionTrees]) -> DecisionTrees:
        """All trees of some sets in one, in their order."""
        parts = list(parts)
        nodes = np.cumsum([0, *(len(part.feature) for part in parts)])[:-1].astype(np.int32)
        rows = np.cumsum([0, *(len(part.members) for part in parts)])[:-1].astype(np.int32)
        shifted = [
            (
                part.feature,
                part.threshold,
                np.where(part.left < 0, part.left, part.left + node),
                np.where(part.right < 0, part.right, part.right + node),
                part.start + row,
                part.stop + row,
                part.members,
                part.roots + node,
            )
            for part, node, row in zip(parts, nodes, rows, strict=True)
        ]
        return cls(*(np.concatenate(arrays) for arrays in zip(*shifted, strict=True)))

    def leaves(self, x: npt.NDArray[np.float32], roots: Index) -> Index:
        """The leaf of each row.

        Args:
            x: (N, D) float32, as scikit-learn compares them.
            roots: (N,) where each row begins.

        Returns:
            (N,) nodes.
        """
        node = roots.astype(np.int32)
        walking = np.flatnonzero(self.left[node] >= 0)
        while len(walking):
            here = node[walking]
            goes_left = x[walking, self.feature[here]] <= self.threshold[here]
            there = np.where(goes_left, self.left[here], self.right[here])
            node[walking] = there
            walking = walking[self.left[there] >= 0]
        return node


def grow_tree(
    x: npt.NDArray[np.float32],
    values: npt.NDArray[np.float64],
    *,
    are_categories: bool,
    leaf: int,
    share: float = 1.0,
    seed: int = 0,
) -> DecisionTrees:
    """Grow one tree that predicts a column.

    With a share of the rows, the others fall into the leaves afterwards, so that all rows are members. Which values a leaf has then
    depends less on the noise of its own rows.

    Args:
        x: (N, D) inputs; with D = 0 the tree is one leaf.
        values: (N,) of the column.
        are_categories: whether each distinct value is a class, unless there are too many.
        leaf: fewest rows of a leaf.
        share: of the rows that the splits are chosen by, a random part.
        seed: of the choice of rows.

    Returns:
        One tree, whose rows are all N.
    """
    count = len(values)
    if not x.shape[1] or count < 2 * leaf:
        return _single_leaf(count)
    from sklearn import config_context
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    chosen = np.arange(count)
    if share < 1:
        chosen = np.sort(np.random.default_rng(seed).permutation(count)[: max(1, round(share * count))])
    # The seed decides between splits that are equally good.
    model: Any = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=seed)
    if are_categories:
        classes, codes = np.unique(values, return_inverse=True)
        if len(classes) <= MOST_CLASSES:
            model = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=seed)
            values = codes.astype(np.float64)
    with config_context(assume_finite=True, skip_parameter_validation=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        tree = model.fit(x[chosen], values[chosen]).tree_
    own = tree.apply(x)
    order = np.argsort(own, kind="stable")
    left, right = tree.children_left.astype(np.int32), tree.children_right.astype(np.int32)
    nodes = np.arange(len(left))
    start = np.searchsorted(own[order], nodes, "left").astype(np.int32)
    stop = np.searchsorted(own[order], nodes, "right").astype(np.int32)
    feature = np.maximum(tree.feature, 0).astype(np.int32)
    return DecisionTrees(
        feature,
        tree.threshold.astype(np.float64),
        left,
        right,
        start,
        stop,
        order.astype(np.int32),
        np.zeros(1, np.int32),
    )


def _single_leaf(count: int) -> DecisionTrees:
    one = DecisionTrees.empty(1)
    return DecisionTrees(
        one.feature,
        one.threshold,
        one.left,
        one.right,
        one.start,
        one.stop + np.int32(count),
        np.arange(count, dtype=np.int32),
        one.roots,
    )
