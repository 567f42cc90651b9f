"""Segments of a column: regions that stand for one value each, such as a category, and what lies between them.

Tables are encoded with every category, and every value that many rows share, spread over a region of a column (`Event.cells`). Within
a region the position is noise. A model that respects the regions never mixes a category with its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saddlepoint.data.event import Event, Scaling

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Segments:
    """A partition of the line of one column.

    Attributes:
        edges: (S - 1,) ascending inner edges; segment s is [edges[s - 1], edges[s]).
        is_cell: (S,) bool, whether a segment stands for one value.
    """

    edges: Numbers
    is_cell: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, cells: list[tuple[float, float]]) -> Segments:
        """The segments of disjoint cells (low, high) in any order."""
        edges: list[float] = []
        is_cell = [False]
        for low, high in sorted(cells):
            if edges and low <= edges[-1]:  # it touches the cell before
                is_cell.pop()
            else:
                edges.append(low)
            edges.append(high)
            is_cell += [True, False]
        return cls(np.array(edges, np.float64), np.array(is_cell))

    def find(self, x: Numbers) -> npt.NDArray[np.int64]:
        """The segment of each number (N,)."""
        return np.searchsorted(self.edges, x, side="right")

    def lows(self, segment: npt.NDArray[np.int64]) -> Numbers:
        """The lower ends of segments (N,), -inf for the first one."""
        return np.concatenate([[-np.inf], self.edges])[segment]

    def highs(self, segment: npt.NDArray[np.int64]) -> Numbers:
        """The upper ends of segments (N,), inf for the last one."""
        return np.concatenate([self.edges, [np.inf]])[segment]

    def canonical(self, x: Numbers) -> Numbers:
        """Numbers (N,) with those in a cell moved to its middle, so that equal values of the table are equal."""
        if not len(self.edges):
            return x
        segment = self.find(x)
        inside = self.is_cell[segment]
        result = x.copy()
        result[inside] = (self.lows(segment[inside]) + self.highs(segment[inside])) / 2
        return result


def column_segments(event: Event, scaling: Scaling) -> list[Segments]:
    """The segments of the columns that vary, in the model's units.

    Args:
        event: of the data.
        scaling: to the model's units.
    """
    constant = {position for position, _ in event.constants}
    cells: dict[int, list[tuple[float, float]]] = {}
    for position, low, high in event.cells:
        place = position if len(scaling.scale) > 1 else 0
        scale, offset = scaling.scale[place], scaling.offset[place]
        cells.setdefault(position, []).append((low * scale + offset, high * scale + offset))
    size = event.size // event.shape[event.channel_axis]
    if not event.cells:  # any kind of example
        return [Segments.of([])] * (size * (event.shape[event.channel_axis] - len(constant)))
    return [Segments.of(cells.get(n, [])) for n in range(event.size) if n not in constant]
