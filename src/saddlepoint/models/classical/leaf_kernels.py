"""The density of a column within the leaves of its trees: a kernel at every training value of the leaf, and a background.

A value in a cell of the column (`Segments`) has the column's own normal distribution, truncated to the cell. Another value has a
normal kernel, truncated to its segment, whose width follows Scott's rule in its leaf, or the distance to near values of the leaf
where that is less, so that a gap between two clusters stays empty. The centres of kernels are moved towards the
leaf's mean so that the leaf keeps its variance. The background is the column's own normal distribution; it counts as a part of a
row, so that nothing has probability 0.

References:
    Density Estimation for Statistics and Data Analysis (Bernard Silverman, 1986), section 6.4, for the variance of a smoothed
        bootstrap, https://doi.org/10.1201/9781315140919
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saddlepoint.models.classical.decision_trees import DecisionTrees, Index
from saddlepoint.models.classical.segments import Segments
from saddlepoint.models.classical.truncated_normal import Numbers, draw_truncated, interval_mass

LOG_2PI = math.log(2 * math.pi)
LEAST_WIDTH = 0.01  # of a kernel, in standard deviations of the column
NEAR = 5  # values on each side whose distance limits the width of a kernel; in a leaf of n rows at least the root of n
TINY = 1e-12
LARGE = 500  # rows of a leaf from which on its kernels lie on a grid, so that a density needs fewer of them
GRID = 1 / 4  # its spacing, in widths of a kernel
PAIRS = 2**21  # of a row and a kernel that are computed together

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LeafKernels:
    """Kernels of one column; those of a leaf are beside each other, and the last one is the background.

    Attributes:
        centre, width: (K,) mean and standard deviation of a kernel before it is truncated.
        low, high: (K,) its interval.
        log_scale: (K,) log of the width and of the probability of the interval before truncation.
        weight: (K,) members of the leaf that have this kernel; of the background, the rows that it counts as.
        of_member: kernel of each member of the column's trees.
        first: position of the first of these members among those of all trees.
        leaves: (L,) the nodes that are leaves, ascending.
        bounds: (L + 1,) the first kernel of each leaf, and the number of kernels without the background.
    """

    centre: Numbers
    width: Numbers
    low: Numbers
    high: Numbers
    log_scale: Numbers
    weight: Numbers
    of_member: Positions
    first: int
    leaves: Index
    bounds: Positions

    @classmethod
    def fit(
        cls,
        values: Numbers,
        trees: DecisionTrees,
        leaves: Index,
        segments: Segments,
        smoothing: float,
        background: float,
    ) -> LeafKernels:
        """Place a kernel at every member of the trees of a column.

        Args:
            values: (N,) training values of the column.
            trees: of all columns.
            leaves: (L,) the leaves of this column, in the order of their members.
            segments: of the column.
            smoothing: width of the kernels, as a multiple of Scott's rule.
            background: rows that the background counts as.
        """
        sizes, first = trees.stop[leaves] - trees.start[leaves], int(trees.start[leaves[0]])
        x = values[trees.members[first : first + int(sizes.sum())]]
        mean, std = (float(values.mean()), float(values.std()) or 1.0) if len(values) else (0.0, 1.0)
        leaf = np.repeat(np.arange(len(leaves)), sizes)
        segment = segments.find(x)
        low, high, in_cell = segments.lows(segment), segments.highs(segment), segments.is_cell[segment]
        # Mean and variance of each leaf's values outside cells.
        outside = (~in_cell).astype(np.float64)
        count = np.maximum(np.bincount(leaf, outside, len(leaves)), 1.0)
        middle = np.bincount(leaf, outside * x, len(leaves)) / count
        variance = np.bincount(leaf, outside * (x - middle[leaf]) ** 2, len(leaves)) / count
        widest = smoothing * np.minimum(
            np.sqrt(variance)[leaf] * count[leaf] ** (-1 / 5), _neighbourhood(x, leaf, sizes)
        )
        width = np.maximum(widest, LEAST_WIDTH * std * min(smoothing, 1.0) + TINY)
        is_large = sizes[leaf] >= LARGE
        width = np.where(is_large, 2.0 ** (np.rint(2 * np.log2(width)) / 2), width)
        added = np.bincount(leaf, outside * width**2, len(leaves)) / count
        shrunk = np.sqrt(variance / (variance + added + TINY))
        centre = middle[leaf] + (x - middle[leaf]) * shrunk[leaf]
        centre = np.where(is_large, GRID * width * np.rint(centre / (GRID * width)), centre)
        centre, width = np.where(in_cell, mean, np.clip(centre, low, high)), np.where(in_cell, std, width)
        # Members of a leaf with the same kernel share it.
        order = np.lexsort((low, width, centre, leaf))
        keys = np.stack([low, width, centre, leaf])[:, order]
        is_new = np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)) if len(x) else np.zeros(0, np.bool_)
        number = np.cumsum(is_new) - 1
        of_member = np.empty(len(x), np.int64)
        of_member[order] = number
        chosen = order[is_new]
        centre, width = np.append(centre[chosen], mean), np.append(width[chosen], std)
        low, high = np.append(low[chosen], -np.inf), np.append(high[chosen], np.inf)
        log_scale = np.log(width) + np.log(interval_mass((low - centre) / width, (high - centre) / width))
        weight = np.append(np.bincount(number, minlength=len(chosen)), background).astype(np.float64)
        bounds = np.searchsorted(leaf[chosen], np.arange(len(leaves) + 1))
        return cls(centre, width, low, high, log_scale, weight, of_member, first, leaves, bounds)

    def draw(self, trees: DecisionTrees, leaf: Index, chosen: Numbers, uniform: Numbers) -> Numbers:
        """Draw a value from each leaf.

        Args:
            trees: of all columns.
            leaf: (N,) nodes.
            chosen: (N,) uniform numbers that choose the kernel.
            uniform: (N,) uniform numbers for the value.

        Returns:
            (N,).
        """
        start, count = trees.start[leaf] - self.first, trees.stop[leaf] - trees.start[leaf]
        place = (chosen * (count + self.weight[-1])).astype(np.int64)
        kernel = np.full(len(leaf), len(self.centre) - 1)
        is_member = place < count
        kernel[is_member] = self.of_member[(start + place)[is_member]]
        centre, width, low, high = (part[kernel] for part in (self.centre, self.width, self.low, self.high))
        drawn = centre + width * draw_truncated(uniform, (low - centre) / width, (high - centre) / width)
        return np.asarray(np.clip(drawn, low, high))

    def log_prob(self, x: Numbers, trees: DecisionTrees, leaf: Index, own: Positions | None = None) -> Numbers:
        """The log density of values in their leaves.

        Args:
            x: (N,).
            trees: of all columns.
            leaf: (N,) nodes.
            own: (N,) members of the leaves, positions in `trees.members`, that are left out; -1 for none.

        Returns:
            (N,) nats.
        """
        number = np.searchsorted(self.leaves, leaf)
        begin, stop = self.bounds[number], self.bounds[number + 1]
        own_kernel = np.full(len(x), -1)
        if own is not None:
            own_kernel[own >= 0] = self.of_member[own[own >= 0] - self.first]
        rows = trees.stop[leaf] - trees.start[leaf] - (own_kernel >= 0)
        pairs = np.cumsum(stop - begin)
        ends = [*(np.flatnonzero(np.diff(pairs // PAIRS)) + 1).tolist(), len(x)]
        parts = [slice(*ends_of_part) for ends_of_part in zip([0, *ends[:-1]], ends, strict=True)]
        density = [self._log_sum(x[part], begin[part], stop[part], own_kernel[part]) for part in parts]
        return np.asarray(np.concatenate(density) - np.log(rows + self.weight[-1]))

    def _log_sum(self, x: Numbers, begin: Positions, stop: Positions, own: Positions) -> Numbers:
        """The log (N,) of the weighted sum of the kernels from `begin` to `stop` and the background, without one of weight 1 (`own`)."""
        count = stop - begin
        row = np.repeat(np.arange(len(x)), count)
        first = np.cumsum(count) - count
        kernel = begin[row] + np.arange(len(row)) - first[row]
        with np.errstate(divide="ignore"):
            log_kernel = self._log_kernel(x[row], kernel) + np.log(self.weight[kernel] - (kernel == own[row]))
        background = math.log(self.weight[-1]) + self._log_kernel(x, np.full(len(x), len(self.centre) - 1))
        most = background.copy()
        filled = count > 0
        if filled.any():
            most[filled] = np.maximum(most[filled], np.maximum.reduceat(log_kernel, first[filled]))
        total = np.exp(background - most) + np.bincount(row, np.exp(log_kernel - most[row]), len(x))
        return np.asarray(most + np.log(total))

    def _log_kernel(self, x: Numbers, kernel: Positions) -> Numbers:
        """The log density (N,) of values (N,), each under one kernel."""
        normal = -0.5 * (((x - self.centre[kernel]) / self.width[kernel]) ** 2 + LOG_2PI) - self.log_scale[kernel]
        return np.where((x >= self.low[kernel]) & (x < self.high[kernel]), normal, -np.inf)


def _neighbourhood(x: Numbers, leaf: Positions, sizes: Positions) -> Numbers:
    """Half the range of the near values of each value x (K,) in its leaf; `leaf` is ascending and `sizes` counts it."""
    order = np.lexsort((x, leaf))
    stop = np.cumsum(sizes)[leaf]
    start = stop - sizes[leaf]
    near = np.maximum(NEAR, np.sqrt(sizes).astype(np.int64))[leaf]
    place = np.arange(len(x))
    values = x[order]
    result = np.empty(len(x))
    result[order] = (values[np.minimum(place + near, stop - 1)] - values[np.maximum(place - near, start)]) / 2
    return result
