"""Samples beside their nearest examples, for all kinds of events: images, volumes, sounds, series, vectors, texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.frames import frame_strips
from saddlepoint.figures.grids import reconstruction_grid, volume_grid
from saddlepoint.figures.lines import series_lines
from saddlepoint.figures.sounds import sound_panels
from saddlepoint.figures.style import DATA, GENERATED, GREY, INK, TITLE_SIZE, figure, legend, style_axes, text
from saddlepoint.figures.texts import text_lines
from saddlepoint.figures.views import Points, Range, data_views, equal_spans

if TYPE_CHECKING:
    from saddlepoint.figures.style import Picture

SAMPLE, EXAMPLE = "sample", "nearest example"


def show_pairs(
    samples: ArrayLike,
    examples: ArrayLike,
    kind: str,
    *,
    low: float | None = None,
    high: float | None = None,
    data: ArrayLike | None = None,
    rate: float | None = None,
    title: str = "Samples and their nearest examples",
) -> Picture:
    """Draw samples beside their nearest examples, pair by pair.

    Args:
        samples: (N, *event); texts as strings (N,).
        examples: (N, *event), the nearest to each sample.
        kind: of the event: "image", "volume", "video", "sound", "series", "vector" or "text".
        low: the data's lowest value; None if it has none.
        high: the data's highest value; None if it has none.
        data: (M, D), for vectors of one or two numbers: the data around them.
        rate: for sounds, samples a second; None if it is not known.
        title: of the picture.
    """
    first, second = np.asarray(samples), np.asarray(examples)
    if first.shape != second.shape or not len(first):
        raise ValueError(f"samples and examples must be of one shape and not empty, got {first.shape}, {second.shape}")
    if kind == "image":
        # Five in a row are still visible on a phone.
        return reconstruction_grid(first, second, low=low, high=high, columns=5, names=(SAMPLE, EXAMPLE), title=title)
    if kind == "vector":
        narrow = first.shape[1] <= 2
        return _draw_links(first, second, data, title) if narrow else _draw_profiles(first, second, title)
    if kind == "series":
        return series_lines(first, second, names=(SAMPLE, EXAMPLE), title=title)
    most = {"volume": 4, "video": 4, "sound": 6, "text": 8}.get(kind)
    if most is None:
        raise ValueError(
            f'kind must be "image", "volume", "video", "sound", "series", "vector" or "text", got {kind!r}'
        )
    first, second = first[:most], second[:most]
    together = np.stack([first, second], axis=1).reshape(-1, *first.shape[1:])
    names = [f"{pair + 1}, {what}" for pair in range(len(first)) for what in (SAMPLE, EXAMPLE)]
    if kind == "video":
        return frame_strips(together, low=low, high=high, names=names, title=title)
    if kind == "volume":
        return volume_grid(together, low=low, high=high, names=names, title=title)
    if kind == "text":
        return text_lines([str(text) for text in together], names=names, title=title)
    return sound_panels(together, rate=rate, low=low, high=high, names=names, title=title)


def _draw_links(samples: NDArray[Any], examples: NDArray[Any], data: ArrayLike | None, title: str) -> Picture:
    """Points of one or two dimensions among the data, each with a line to its nearest example."""
    line = samples.shape[1] == 1
    first, second = _pad_to_plane(samples), _pad_to_plane(examples)
    around = second if data is None else _pad_to_plane(np.asarray(data))
    views = _widen(data_views(first, around, None), np.concatenate([first, second]))
    drawing, grid = figure(width=6.4, height=2.6 if line else 5.6)
    axes = grid[0, 0]
    style_axes(
        axes, title=title, x="x (data's units)" if line else "x1 (data's units)", y="" if line else "x2 (data's units)"
    )
    axes.grid(False)
    axes.scatter(*around.T, s=5, color=GREY, alpha=0.35, linewidths=0, label="data")
    for pair in zip(first, second, strict=True):
        axes.plot(*np.array(pair).T, color=INK, linewidth=0.9)
    axes.scatter(*second.T, s=44, facecolors="none", edgecolors=DATA, linewidths=1.4, label=EXAMPLE)
    axes.scatter(*first.T, s=34, marker="x", color=GENERATED, linewidths=1.6, label=SAMPLE)
    if line:
        axes.set_xlim(*views[0])
        axes.set_yticks([])
    else:
        views = equal_spans(views)
        axes.set_xlim(*views[0])
        axes.set_ylim(*views[1])
        axes.set_box_aspect(1.0)
    legend(axes, loc="upper right")
    return drawing


def _draw_profiles(samples: NDArray[Any], examples: NDArray[Any], title: str) -> Picture:
    """One small plot per pair, with its numbers in order."""
    columns = min(5, len(samples))
    rows = -(-len(samples) // columns)
    drawing, grid = figure(rows, columns, width=2.3 * columns, height=1.9 * rows + 0.7)
    drawing.suptitle(text(title), fontsize=TITLE_SIZE, x=0.01, ha="left", color=INK)
    place = np.arange(1, samples.shape[1] + 1)
    values = np.concatenate([samples, examples]).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    spare = 0.05 * (high - low) or 1.0
    for pair, axes in enumerate(grid.flat):
        if pair >= len(samples):
            axes.set_visible(False)
            continue
        style_axes(axes, title=f"{pair + 1}", x="column", y="value")
        axes.plot(place, examples[pair], color=DATA, linewidth=2.2, alpha=0.6, label=EXAMPLE)
        axes.plot(place, samples[pair], color=GENERATED, linewidth=1.0, linestyle="--", label=SAMPLE)
        axes.set_ylim(low - spare, high + spare)
        axes.xaxis.get_major_locator().set_params(integer=True)
    handles, names = grid.flat[0].get_legend_handles_labels()
    drawing.legend(handles, names, loc="outside lower center", ncols=2, fontsize=9, frameon=False, labelcolor=INK)
    return drawing


def _pad_to_plane(x: NDArray[Any]) -> Points:
    """(N, 1) or (N, 2) -> (N, 2), with zeros where there is no second number."""
    return np.concatenate([x, np.zeros((len(x), 2 - x.shape[1]))], axis=1).astype(np.float64)


def _widen(views: list[Range], points: Points) -> list[Range]:
    """The axis ranges, widened so that they contain all points."""
    spare = [0.05 * (high - low) for low, high in views]
    lows, highs = points.min(axis=0), points.max(axis=0)
    return [
        (min(low, float(least) - more), max(high, float(most) + more))
        for (low, high), least, most, more in zip(views, lows, highs, spare, strict=True)
    ]
