"""Draw samples of any kind: images, volumes, sounds, series, vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.density import compare
from saddlepoint.figures.grids import sample_grid, volume_grid
from saddlepoint.figures.lines import series_lines
from saddlepoint.figures.marks import LogProb
from saddlepoint.figures.style import DATA, INK, TITLE_SIZE, colours, figure, legend, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from saddlepoint.figures.style import Picture


def show_samples(
    samples: ArrayLike,
    kind: str,
    *,
    low: float | None = None,
    high: float | None = None,
    data: ArrayLike | None = None,
    log_prob: LogProb | None = None,
    modes: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    title: str = "Samples",
) -> Picture:
    """Draw samples (N, *event) as a picture.

    Args:
        samples: (N, *event).
        kind: of the event: "image", "volume", "sound", "series" or "vector".
        low: the data's lowest value; None if it has none.
        high: the data's highest value; None if it has none.
        data: (M, D), for vectors: the data to compare with (see `figures.density.compare`).
        log_prob: for vectors, the data's exact log density.
        modes: for vectors, the data's modes.
        names: for vectors, the names of the columns.
    """
    if kind == "image":
        return sample_grid(samples, low=low, high=high)
    if kind == "volume":
        return volume_grid(samples, low=low, high=high, title=title)
    if kind == "sound":
        return waveforms(samples, low=low, high=high, title=title)
    if kind == "series":
        return series_lines(samples, title=title)
    if kind == "vector":
        return compare(samples, data, log_prob=log_prob, modes=modes, names=names, title=title)
    raise ValueError(f'kind must be "image", "volume", "sound", "series" or "vector", got {kind!r}')


def waveforms(
    sounds: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    limit: int = 12,
    names: Sequence[str] | None = None,
    title: str = "Waveforms",
) -> Figure:
    """Draw one small plot for each sound, all on one scale. Time is in samples.

    Args:
        sounds: (N, C, T).
        low: lowest value of the axis; None takes that of the sounds.
        high: highest value of the axis; None takes that of the sounds.
        limit: largest number of sounds.
        names: of the sounds; their numbers if None. With names, two sounds share a row.
        title: of the picture.

    Raises:
        ValueError: sounds of another shape.
    """
    values = np.asarray(sounds, dtype=np.float64)
    if values.ndim != 3:
        raise ValueError(f"sounds must be (N, C, T), got an array of shape {values.shape}")
    values = values[:limit]
    finite = values[np.isfinite(values)]
    low = (float(finite.min()) if len(finite) else -1.0) if low is None else low
    high = (float(finite.max()) if len(finite) else 1.0) if high is None else high
    columns = min(3 if names is None else 2, max(1, len(values)))
    rows = max(1, -(-len(values) // columns))
    drawing, grid = figure(rows, columns, width=3.4 * columns, height=1.9 * rows + 0.3)
    drawing.suptitle(text(title), fontsize=TITLE_SIZE, x=0.01, ha="left", color=INK)
    spare = 0.05 * (high - low) or 1.0
    for i, axes in enumerate(grid.flat):
        if i >= len(values):
            axes.set_visible(False)
            continue
        broken = int((~np.isfinite(values[i])).sum())
        name = (names[i] if names else f"{i + 1}") + (f" ({broken:,} values not finite)" if broken else "")
        style_axes(axes, title=name, x="time (samples)", y="amplitude")
        shades = [DATA] if values.shape[1] == 1 else colours(values.shape[1])
        for channel, colour in enumerate(shades):
            # Clipped to twice the range: what lies further runs off the plot all the same.
            line = np.clip(
                np.where(np.isfinite(values[i, channel]), values[i, channel], np.nan), 2 * low - high, 2 * high - low
            )
            axes.plot(line, color=colour, linewidth=0.8, label=f"channel {channel + 1}")
        axes.set_ylim(low - spare, high + spare)
        legend(axes)
    return drawing
