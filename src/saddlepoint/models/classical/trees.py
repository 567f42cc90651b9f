"""A sequential model of the columns of a table: a decision tree for each column given the columns before it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.classical.decision_trees import DecisionTrees, grow_tree
from saddlepoint.models.classical.distribution import Distribution, refuse
from saddlepoint.models.classical.leaf_kernels import LeafKernels
from saddlepoint.models.classical.predictors import Predictors
from saddlepoint.models.classical.segments import column_segments
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.draws import draw_uniform
from saddlepoint.progress import task

ROWS = 2**16  # that are drawn together
SHARE = 2 / 3  # of the rows that the splits of each of several trees are chosen by
ARRAYS = ("feature", "threshold", "left", "right", "start", "stop", "members", "roots")


class Trees(Distribution):
    """p(x) = prod_j p(x_j | x_1, ..., x_{j-1}), where each factor is a density in the leaves of decision trees.

    A row falls into a leaf of a tree that was grown to predict column j from the columns before it. Its density there is that of
    `LeafKernels`: a kernel at every training value of the leaf, and a background. With several trees it is the mean over them. Sampling
    draws column by column: a tree, a training value of the leaf, and a value near it. The likelihood of training examples leaves out
    the kernels at the example itself. Before it has seen data, the numbers are standard normal and independent.

    With many columns before it, a column's trees see those that are most correlated with it (`Predictors`), so that the time grows with
    the number of columns and not with its square.

    References:
        synthpop: Bespoke Creation of Synthetic Data in R (Beata Nowok, Gillian Raab, Chris Dibben, 2016),
            https://www.jstatsoft.org/article/view/v074i11
        Using CART to Generate Partially Synthetic, Public Use Microdata (Jerome Reiter, 2005),
            https://www2.stat.duke.edu/~jerry/Papers/jos05.pdf
    """

    state_names: ClassVar[tuple[str, ...]] = ("points", "examples", *ARRAYS)

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        kind = self.usual_scaling(settings, event) if settings.scaling == "auto" else settings.scaling
        self._segments = column_segments(event, event.scaling(kind))
        self.points = torch.zeros(0, math.prod(shape), dtype=torch.float64)
        self.examples = torch.zeros((), dtype=torch.float64)
        self._set(DecisionTrees.empty(settings.trees * math.prod(shape)))

    @classmethod
    def check_event(cls, settings: ClassicalSettings, event: Event) -> None:
        if event.kind == "text":
            raise refuse(settings, "describes numbers, and these are symbols: take markov or hmm.")

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        self.points = torch.cat((self.points, x.flatten(1)))
        self.examples = self.examples + len(x)
        self._grow()

    def _grow(self) -> None:
        points, settings = self.points.numpy(), self.settings
        inputs = self._inputs(points)
        predictors = Predictors(inputs, settings.predictors)
        grown = []
        # The time of a tree is about proportional to the columns that it sees.
        with task(
            "growing trees", sum(1 + len(predictors.of(column)) for column in range(len(self._segments)))
        ) as done:
            for column, segments in enumerate(self._segments):
                segment, seen = segments.find(points[:, column]), predictors.of(column)
                for number in range(settings.trees):
                    tree = grow_tree(
                        inputs[:, seen],
                        segments.canonical(points[:, column]),
                        are_categories=bool(segments.is_cell[segment].all()),
                        leaf=settings.leaf,
                        share=1.0 if settings.trees == 1 else SHARE,
                        seed=column * settings.trees + number,
                    )
                    grown.append(replace(tree, feature=seen[tree.feature]) if len(seen) else tree)
                done(1 + len(seen))
        self._set(DecisionTrees.join(grown))

    def _set(self, trees: DecisionTrees) -> None:
        """Take over grown trees, and place the kernels."""
        for name in ARRAYS:
            setattr(self, name, torch.from_numpy(getattr(trees, name)))
        self._place(trees)

    def _place(self, trees: DecisionTrees) -> None:
        self._trees = trees
        roots = trees.roots.reshape(-1, self.settings.trees)
        ends = [*roots[1:, 0].tolist(), len(trees.feature)]
        self._roots = roots
        self._kernels = []
        for column, (begin, end) in enumerate(zip(roots[:, 0].tolist(), ends, strict=True)):
            leaves = (begin + np.flatnonzero(trees.left[begin:end] < 0)).astype(np.int32)
            self._kernels.append(
                LeafKernels.fit(
                    self.points[:, column].numpy(),
                    trees,
                    leaves,
                    self._segments[column],
                    self.settings.leaf_smoothing,
                    self.settings.background,
                )
            )

    def _inputs(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Rows (N, D) as trees compare them."""
        columns = [segments.canonical(points[:, n]) for n, segments in enumerate(self._segments)]
        return np.stack(columns, axis=1).astype(np.float32)

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self._log_prob(x, None)

    def training_log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        rows = {row.tobytes(): n for n, row in enumerate(self.points.numpy())}
        own = [rows.get(row.tobytes(), -1) for row in x.flatten(1).numpy()]
        return self._log_prob(x, np.array(own, np.int64))

    def _log_prob(self, x: Tensor, own: npt.NDArray[np.int64] | None) -> Tensor:
        points = x.flatten(1).numpy()
        inputs = self._inputs(points)
        total = np.zeros(len(points))
        if not len(points):
            return torch.from_numpy(total)
        for column, (roots, kernels) in enumerate(zip(self._roots, self._kernels, strict=True)):
            of_trees = []
            # The first column has no inputs, so that its trees are one leaf each.
            for number, root in enumerate(roots if column else roots[:1]):
                leaf = self._trees.leaves(inputs, np.full(len(points), root))
                members = None if own is None else self._members(column * len(roots) + number, own)
                of_trees.append(kernels.log_prob(points[:, column], self._trees, leaf, members))
            total += np.logaddexp.reduce(np.stack(of_trees)) - math.log(len(of_trees))
        return torch.from_numpy(total)

    def _members(self, tree: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The positions of training rows (N,), or of none (-1), among the members of a tree."""
        count = len(self.points)  # every tree has all of them
        position = np.full(count + 1, -1)
        position[self._trees.members[tree * count : (tree + 1) * count]] = tree * count + np.arange(count)
        return position[rows]

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        parts = [self._draw(min(ROWS, n - begin), generator) for begin in range(0, n, ROWS)]
        drawn = torch.cat(parts) if parts else torch.zeros(0, len(self._segments), dtype=torch.float64)
        return drawn.view(n, *self.shape)

    def _draw(self, n: int, generator: torch.Generator | None) -> Tensor:
        size = len(self._segments)
        drawn = np.empty((n, size))
        inputs = np.empty((n, size), np.float32)
        for column, (roots, kernels) in enumerate(zip(self._roots, self._kernels, strict=True)):
            tree, chosen, uniform = draw_uniform((3, n), generator).numpy()
            leaf = self._trees.leaves(inputs, roots[(tree * len(roots)).astype(np.int64)])
            drawn[:, column] = kernels.draw(self._trees, leaf, chosen, uniform)
            inputs[:, column] = self._segments[column].canonical(drawn[:, column])
        return torch.from_numpy(drawn)

    def observations(self) -> dict[str, Tensor]:
        """Return the mean number of training rows of a leaf, over columns that have several."""
        trees = self._trees
        rows = (trees.stop - trees.start)[trees.left < 0]
        return {"rows_of_leaf": torch.tensor(float(rows.mean()) if len(rows) else 0.0, dtype=torch.float64)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        super().load(state)
        self._place(DecisionTrees(*(getattr(self, name).numpy() for name in ARRAYS)))
