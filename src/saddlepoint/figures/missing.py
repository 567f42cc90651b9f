"""Which cells of a table are missing together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.style import DATA, GENERATED, INK, MUTED, RULE, TICK_SIZE, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 16
LONGEST = 16  # letters of a name


@dataclass(frozen=True)
class Patterns:
    """Combinations of missing columns.

    Attributes:
        names: of the columns with missing cells.
        shares: of missing cells, (C,).
        missing: (P, C) the most frequent patterns, True where a cell is missing.
        counts: rows with each pattern, (P,).
        rows: of the table.
        number: of different patterns in all.
    """

    names: tuple[str, ...]
    shares: NDArray[np.float64]
    missing: NDArray[np.bool_]
    counts: NDArray[np.int64]
    rows: int
    number: int


def pattern_figure(patterns: Patterns) -> Figure:
    """Draw a row of squares a pattern, filled where the cell is missing, with its number of rows, and the missing share of each column.

    Args:
        patterns: at least one column; of many, those that lack most are drawn.
    """
    order: NDArray[np.int64] = np.sort(np.argsort(-patterns.shares, kind="stable")[:MOST_COLUMNS])
    names = [patterns.names[column] for column in order.tolist()]
    cells = patterns.missing[:, order]
    width = float(np.clip(1.9 + 0.36 * len(order), 4.2, 7.6))
    drawing, grid = figure(width=width, height=1.9 + 0.27 * len(cells))
    axes = grid[0, 0]
    left = patterns.number - len(cells)
    style_axes(axes, title="Which cells are missing together", x="", y="rows with this pattern")
    axes.grid(False)
    for lacking, colour in ((True, GENERATED), (False, RULE)):
        rows, columns = np.nonzero(cells == lacking)
        axes.scatter(columns, rows, s=90, marker="s", color=colour, linewidths=0)
    axes.set_ylim(len(cells) - 0.4, -0.6)
    axes.set_xlim(-0.6, len(order) - 0.4)
    axes.set_yticks(range(len(cells)), [f"{count:,}" for count in patterns.counts], color=INK)
    cut = [name if len(name) <= LONGEST else f"{name[: LONGEST - 2]}..." for name in names]
    axes.set_xticks(range(len(order)), [text(name) for name in cut], rotation=40, ha="right", rotation_mode="anchor")
    above = axes.secondary_xaxis("top")
    above.set_xticks(range(len(order)), [f"{share:.0%}" for share in patterns.shares[order]])
    above.tick_params(labelsize=TICK_SIZE, colors=DATA, length=0, rotation=40 if len(order) > 10 else 0)
    above.spines["top"].set_visible(False)
    more = [f"{left:,} more patterns"] if left else []
    hidden = len(patterns.names) - len(order)
    more += [f"{hidden:,} more columns"] if hidden else []
    if more:
        axes.set_xlabel(f"not drawn: {' and '.join(more)}", fontsize=TICK_SIZE, color=MUTED)
    return drawing
