"""The latent space: a scatter plot of codes coloured by class, and histograms of an encoder's two heads.

Codes of one dimension are spread sideways, and codes of more than three dimensions are projected on their first
principal components; the axes are labelled accordingly.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import GREY, INK, MARKERS, PALETTE, RULE, TICK_SIZE, colours, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Codes = NDArray[np.float64]


def latent_scatter(
    codes: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    title: str = "Codes of examples in the latent space",
) -> Figure:
    """Draw codes coloured by label: in 2-D for up to two dimensions, otherwise in 3-D.

    Args:
        codes: (N, D).
        labels: (N,) integers.
        class_names: of the labels.
        title: of the picture.
    """
    points, axis_names, left_out = _project(codes)
    groups = _groups(len(points), labels, class_names, _finite_rows(codes))
    if left_out:
        title = f"{title} ({left_out:,} not finite, left out)"
    drawing, grid = figure(width=6.6, height=5.2)
    axes: Any = grid[0, 0]
    if points.shape[1] == 3:
        axes.remove()
        axes = drawing.add_subplot(projection="3d")
    size = float(np.clip(9000 / max(len(points), 1), 3, 24))
    for i, (name, index, colour) in enumerate(groups):
        marker = MARKERS[i // len(PALETTE) % len(MARKERS)]
        axes.scatter(*points[index].T, s=size, color=colour, marker=marker, alpha=0.75, linewidths=0, label=text(name))
    style_axes(axes, title=title, x=axis_names[0], y=axis_names[1])
    if points.shape[1] == 3:
        axes.set_zlabel(axis_names[2], color=INK)
    if len(groups) > 1:
        drawing.legend(loc="outside right center", fontsize=TICK_SIZE, markerscale=2.0, edgecolor=RULE, labelcolor=INK)
    return drawing


def latent_plot(
    codes: ArrayLike, labels: ArrayLike | None = None, class_names: Sequence[str] | None = None, *, limit: int = 4_000
) -> dict[str, Any]:
    """The scatter plot of codes as a Plotly figure, `{"data": [...], "layout": {...}}`.

    Args:
        codes: (N, D).
        labels: (N,) integers.
        class_names: of the labels.
        limit: number of points above which every k-th is shown.
    """
    points, axis_names, _ = _project(codes)
    groups = _groups(len(points), labels, class_names, _finite_rows(codes))
    every = -(-len(points) // limit) or 1
    solid = points.shape[1] == 3
    traces: list[dict[str, Any]] = []
    for name, index, colour in groups:
        chosen = points[index][::every]
        coordinates = {key: [float(f"{v:.4g}") for v in values] for key, values in zip("xyz", chosen.T, strict=False)}
        traces.append(
            {"type": "scatter3d" if solid else "scatter", "mode": "markers", "name": html.escape(name), **coordinates}
            | {"marker": {"size": 2.5 if solid else 5, "color": colour, "opacity": 0.8}}
        )
    titles = [{"title": {"text": name}} for name in axis_names]
    axes: dict[str, Any] = {"xaxis": titles[0], "yaxis": titles[1]}
    if solid:
        axes = {
            "scene": {
                "xaxis": titles[0],
                "yaxis": titles[1],
                "zaxis": titles[2],
                "aspectmode": "cube",
                "camera": {"eye": {"x": 1.5, "y": 1.5, "z": 0.9}},
            }
        }
    return {"data": traces, "layout": {**axes, "showlegend": len(traces) > 1, "legend": {"itemsizing": "constant"}}}


def head_histograms(
    means: ArrayLike, log_variances: ArrayLike, *, title: str = "What the encoder says of each latent unit"
) -> Figure:
    """Draw histograms of means and log-variances, one for each unit and head, side by side as shaded columns.

    A unit that is equal to the prior has mean 0 and log-variance 0 for every example: both dashed lines.

    Args:
        means: (N, D).
        log_variances: (N, D).
        title: of the picture.
    """
    columns = [np.asarray(head, dtype=np.float64) for head in (means, log_variances)]
    units = [f"{d + 1}" for d in range(columns[0].shape[1])]
    return _heads([list(head.T) for head in columns], units, "latent unit", title)


def heads_over_time(
    moments: Sequence[tuple[int, ArrayLike, ArrayLike]], *, title: str = "The encoder's heads over training, all units"
) -> Figure:
    """Draw one histogram of all units' values for each step, as columns.

    Args:
        moments: (step, means (N, D), log_variances (N, D)).
        title: of the picture.
    """
    names = [f"{step:,}" for step, _, _ in moments]
    heads = [[np.asarray(moment[head], dtype=np.float64).ravel() for moment in moments] for head in (1, 2)]
    return _heads(heads, names, "training step", title)


def _heads(heads: list[list[NDArray[np.float64]]], names: list[str], x: str, title: str) -> Figure:
    drawing, grid = figure(2, 1, width=7.0, height=5.6)
    captions = (("mean", "mean (latent units)"), ("log-variance", "log-variance (nats)"))
    for axes, columns, (short, y) in zip(grid[:, 0], heads, captions, strict=True):
        _columns_of_histograms(axes, columns, names)
        style_axes(axes, title=f"{title}: {short} (darker: more examples)", x=x, y=y)
        axes.axhline(0.0, color=INK, linewidth=1.0, linestyle="--", label="the prior's value")
        axes.legend(fontsize=TICK_SIZE, loc="upper right")
        axes.grid(False)
    return drawing


def _columns_of_histograms(axes: Axes, columns: list[NDArray[np.float64]], names: list[str], bins: int = 60) -> None:
    finite = np.concatenate([column[np.isfinite(column)] for column in columns] or [np.zeros(0)])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (-1.0, 1.0)
    low, high = min(low, -0.5), max(high, 0.5)
    edges = np.linspace(low - 0.02 * (high - low), high + 0.02 * (high - low), bins + 1)
    shares = np.stack([np.histogram(column[np.isfinite(column)], edges)[0] for column in columns], axis=1)
    shares = shares / np.maximum(shares.max(axis=0, keepdims=True), 1)
    axes.pcolormesh(np.arange(len(columns) + 1) - 0.5, edges, shares, cmap="Blues", vmin=0.0, vmax=1.0)
    every = -(-len(names) // 12)
    axes.set_xticks(range(0, len(names), every), names[::every])


def _project(codes: ArrayLike) -> tuple[Codes, list[str], int]:
    """The points to draw (M, 2 or 3), the axes' names, and how many codes were not finite."""
    finite = _finite_rows(codes)
    points = np.asarray(codes, dtype=np.float64)[finite]
    left_out = int((~finite).sum())
    if points.shape[1] == 1:
        rank = np.arange(len(points)) * 0.6180339887498949 % 1.0
        return np.column_stack([points[:, 0], rank]), ["z1", "spread sideways (no meaning)"], left_out
    if points.shape[1] <= 3:
        return points, [f"z{d + 1}" for d in range(points.shape[1])], left_out
    centred = points - points.mean(axis=0, keepdims=True) if len(points) else points
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    names = [f"principal component {d + 1} of {points.shape[1]}" for d in range(3)]
    projected = np.zeros((len(points), 3))
    projected[:, : len(directions[:3])] = centred @ directions[:3].T
    return projected, names, left_out


def _finite_rows(codes: ArrayLike) -> NDArray[np.bool_]:
    values = np.asarray(codes, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"codes must be (N, D), got an array of shape {values.shape}")
    return np.asarray(np.isfinite(values).all(axis=1), dtype=np.bool_)


def _groups(
    n: int, labels: ArrayLike | None, class_names: Sequence[str] | None, finite: NDArray[np.bool_]
) -> list[tuple[str, NDArray[np.intp], str]]:
    if labels is None:
        return [("codes", np.arange(n), GREY)]
    kept = np.asarray(labels)[finite]
    classes = np.unique(np.asarray(labels))
    # A colour belongs to a class's number, so that the same class has the same colour in every picture.
    palette = colours(max(int(classes.max()) + 1, len(class_names or ()))) if len(classes) else []
    return [
        (
            class_names[c] if class_names is not None and c < len(class_names) else str(c),
            np.flatnonzero(kept == c),
            palette[c],
        )
        for c in (int(c) for c in classes)
    ]
