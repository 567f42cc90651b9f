"""Series as lines over time: a row for each channel, because channels have units of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import DATA, GENERATED, INK, TITLE_SIZE, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CHANNELS, MOST_SERIES, MOST_PAIRS = 6, 24, 4


def series_lines(
    series: ArrayLike,
    beside: ArrayLike | None = None,
    *,
    names: tuple[str, str] = ("sample", "example"),
    title: str = "Series",
) -> Figure:
    """Draw series (N, T, C), the first six channels each in a row of its own.

    Args:
        series: drawn together in one column, the first 24 of them.
        beside: (N, T, C), what each is compared with; then each of the first four pairs has a column of its own.
        names: what the lines of a pair are called.
        title: of the whole picture.
    """
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 3:
        raise ValueError(f"series must be (N, T, C), got an array of shape {values.shape}")
    others = None if beside is None else np.asarray(beside, dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    channels = min(MOST_CHANNELS, values.shape[2])
    columns = 1 if others is None else max(1, min(MOST_PAIRS, len(values)))
    width = 6.4 if columns == 1 else 3.2 * columns
    drawing, grid = figure(channels, columns, width=width, height=1.7 * channels + 0.7)
    drawing.suptitle(text(title), fontsize=TITLE_SIZE, x=0.01, ha="left", color=INK)
    for channel in range(channels):
        for column in range(columns):
            axes = grid[channel, column]
            number = f"{column + 1}" if columns > 1 and channel == 0 else ""
            label = f"channel {channel + 1}" if column == 0 else ""
            style_axes(axes, title=number, x="step" if channel == channels - 1 else "", y=label)
            if others is None:
                for line in values[:MOST_SERIES, :, channel]:
                    axes.plot(line, color=GENERATED, linewidth=0.8, alpha=0.5)
            else:
                axes.plot(others[column, :, channel], color=DATA, linewidth=2.0, alpha=0.6, label=names[1])
                axes.plot(values[column, :, channel], color=GENERATED, linewidth=1.0, linestyle="--", label=names[0])
    if others is not None:
        handles, labels = grid[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9, frameon=False, labelcolor=INK)
    return drawing
