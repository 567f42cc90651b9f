"""The same points of a plane in several panels, each of which colours them by another grouping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import INK, MARKERS, MUTED, PALETTE, RULE, TICK_SIZE, figure, shorten, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIMIT = 4_000  # points above which every k-th is shown
MOST = 20  # groups in a legend
WIDTH, HEIGHT = 6.4, 4.4  # inches of a panel
LONGEST_NAME = 18  # characters of a name in a legend


def grouped_points(
    points: ArrayLike, groupings: Mapping[str, tuple[ArrayLike, Sequence[str]]], *, x: str, y: str
) -> Figure:
    """Draw points once for each grouping, panels below each other.

    Args:
        points: (N, 2).
        groupings: by the title of a panel, the group (N,) of each point from 0, and the names of the groups; -1 is drawn in grey and
            named "none".
        x, y: names of the axes.

    Raises:
        ValueError: the points are not (N, 2), or there is no grouping.
    """
    places = np.asarray(points, np.float64)
    if places.ndim != 2 or places.shape[1] != 2 or not groupings:
        raise ValueError(
            f"grouped points are (N, 2) with one grouping or more, got {places.shape} and {len(groupings)}"
        )
    every = -(-len(places) // LIMIT) or 1
    shown = places[::every]
    drawing, grid = figure(len(groupings), 1, width=WIDTH, height=HEIGHT * len(groupings))
    for axes, (title, (groups, names)) in zip(grid[:, 0], groupings.items(), strict=True):
        values = np.asarray(groups)[::every]
        for group, colour, marker, name in _styles(values, names):
            own = shown[values == group]
            axes.scatter(
                *own.T, s=float(np.clip(9000 / len(shown), 4, 24)), color=colour, marker=marker, alpha=0.7, linewidths=0,
                label=text(name),
            )  # fmt: skip
        more = f" (one point in {every})" if every > 1 else ""
        style_axes(axes, title=f"{title}{more}", x=x, y=y)
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            fontsize=TICK_SIZE,
            markerscale=1.6,
            edgecolor=RULE,
            labelcolor=INK,
        )
    return drawing


def _styles(values: NDArray[np.int64], names: Sequence[str]) -> list[tuple[int, str, str, str]]:
    """Group, colour, marker and name of each group that occurs; groups beyond those of the legend are left unnamed."""
    found = []
    for group in np.unique(values).tolist():
        if group < 0:
            found.append((group, MUTED, "x", "none"))
            continue
        name = names[group] if group < len(names) else f"{group}"
        colour, marker = PALETTE[group % len(PALETTE)], MARKERS[group // len(PALETTE) % len(MARKERS)]
        found.append((group, colour, marker, shorten(name, LONGEST_NAME) if len(found) < MOST else "_"))
    return found
