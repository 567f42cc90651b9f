"""Training curves as Plotly figures: plain data, `{"data": [...], "layout": {...}}`, for a page with plotly.js.

The page sets background and text colours for light or dark mode.
"""

from __future__ import annotations

import html
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.curves import ALL_ZERO, Best
from saddlepoint.figures.panels import BAND, Panel, Series, error_band, panel_scale, short_label
from saddlepoint.figures.scales import (
    linear_threshold,
    log_ticks,
    running_mean,
    smoothing_window,
    symlog,
    symlog_ticks,
    tick_label,
)
from saddlepoint.figures.style import FAILURE, ORANGE, colours

Plot = dict[str, Any]
LIMIT = 1_500


def panel_plot(panel: Panel, series: Series, *, best: Best | None = None) -> Plot:
    """A panel of `figures.panels` as a Plotly figure.

    A series of more than 1,500 entries is thinned evenly. Entries that are not finite are all kept, and marked on the
    lower edge.

    Args:
        panel: one of `figures.panels.panels`.
        series: {name: (steps (N,), values (N,))}.
        best: (series, step, value) to mark.
    """
    lines = {name: tuple(np.asarray(part, dtype=np.float64) for part in series[name]) for name in panel.names}
    scale = panel_scale(panel, [values for _, values in lines.values()])
    finite = np.concatenate([values[np.isfinite(values)] for _, values in lines.values()])
    log = scale == "log"
    # Plotly has no symmetric log axis: the values are placed as one would, and the ticks and labels say what they are.
    threshold = linear_threshold([finite]) if scale == "symlog" else None
    traces: list[Plot] = []
    for (name, (steps, values)), colour in zip(lines.items(), colours(len(lines)), strict=True):
        traces += _band(panel, name, series, colour, log, threshold)
        traces += _line(short_label(name, panel), steps, values, colour, log, threshold)
    traces += _non_finite_marks(lines)
    if best is not None and best[0] in panel.names and np.isfinite(best[2]):
        star = {"symbol": "star", "size": 13, "color": ORANGE, "line": {"width": 1, "color": "#000000"}}
        traces.append(
            {"type": "scatter", "mode": "markers", "name": f"best: {best[2]:.4g} at step {best[1]:,}"}
            | {"x": [best[1]], "y": _heights(np.array([best[2]]), threshold), "marker": star}
        )
    vertical: Plot = {"title": {"text": html.escape(panel.y)}, "type": "log" if log else "linear"}
    if threshold is not None:
        ticks = symlog_ticks(finite, threshold)
        vertical["title"] = {"text": html.escape(f"{panel.y}, symlog")}
        vertical |= {"tickvals": _heights(np.array(ticks), threshold), "ticktext": [f"{tick:g}" for tick in ticks]}
    elif log and bool((finite > 0).any()):
        ticks = log_ticks(float(finite[finite > 0].min()), float(finite.max()))
        vertical |= {"tickvals": ticks, "ticktext": [tick_label(tick) for tick in ticks]}
        vertical["range"] = [float(np.log10(ticks[0])), float(np.log10(ticks[-1]))]
    elif panel.limits is not None:
        vertical["range"] = [panel.limits[0] - 0.03, panel.limits[1] + 0.03]
    elif not log and not finite.any():
        vertical["range"] = list(ALL_ZERO)
    elif not log and len(finite) and finite.min() == finite.max() != 0.0:
        # Plotly would show a constant such as 0.001 between -1 and 1.
        vertical["range"] = sorted([0.5 * float(finite[0]), 1.5 * float(finite[0])])
    return {
        "data": traces,
        "layout": {
            "xaxis": {"title": {"text": "training step"}},
            "yaxis": vertical,
            # Non-finite values have no height, so they have an axis of their own, from 0 (bottom) to 1.
            "yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
            "showlegend": sum(trace.get("showlegend", True) for trace in traces) > 1,
        },
    }


def _line(
    label: str,
    steps: NDArray[np.float64],
    values: NDArray[np.float64],
    colour: str,
    log: bool,
    threshold: float | None,
) -> list[Plot]:
    drawable = np.isfinite(values) & ((values > 0) | (not log))
    drawn = np.where(drawable, values, np.nan)
    window = smoothing_window(len(values))
    keep = np.unique(np.linspace(0, max(len(values) - 1, 0), min(len(values), LIMIT)).astype(np.intp))
    if window == 1:
        mode = "lines+markers" if len(values) < 30 else "lines"
        return [_trace(label, steps[keep], drawn[keep], colour, threshold, mode=mode, width=2)]
    raw = _trace(label, steps[keep], drawn[keep], colour, threshold, mode="lines", width=1)
    mean = _trace(label, steps[keep], running_mean(drawn, window)[keep], colour, threshold, mode="lines", width=2.2)
    return [raw | {"opacity": 0.3, "showlegend": False, "hoverinfo": "skip", "legendgroup": label}, mean]


def _band(panel: Panel, name: str, series: Series, colour: str, log: bool, threshold: float | None) -> list[Plot]:
    """The upper edge of the standard errors, filled down to the lower one."""
    band = error_band(panel, name, series, positive=log)
    if band is None:
        return []
    steps, low, high = band
    keep = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), LIMIT)).astype(np.intp))
    whole: Plot = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": name}
    x = [int(step) for step in steps[keep]]
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    words = f"{short_label(name, panel)} {BAND}" if len(panel.names) > 1 else BAND
    lower = {**whole, "name": html.escape(words), "x": x, "y": _heights(low[keep], threshold), "showlegend": False}
    upper = {**whole, "name": html.escape(words), "x": x, "y": _heights(high[keep], threshold)}
    return [lower, {**upper, "fill": "tonexty", "fillcolor": f"rgba({red},{green},{blue},0.18)"}]


def _trace(
    label: str, x: Any, y: NDArray[np.float64], colour: str, threshold: float | None, *, mode: str, width: float
) -> Plot:
    trace = {
        "type": "scatter",
        "mode": mode,
        "name": html.escape(label),
        "legendgroup": label,
        "x": [int(step) for step in x],
        "y": _heights(y, threshold),
        "line": {"color": colour, "width": width},
        "hovertemplate": "step %{x:,}: %{y:.4g}",
    }
    if threshold is not None:
        trace |= {"customdata": _heights(y, None), "hovertemplate": "step %{x:,}: %{customdata:.4g}"}
    return trace


def _heights(values: NDArray[np.float64], threshold: float | None) -> list[float | None]:
    """Heights as JSON numbers: on a symlog axis if there is a threshold; None for values that are not finite."""
    heights = values if threshold is None else symlog(values, threshold)
    return [float(f"{height:.6g}") if np.isfinite(height) else None for height in heights]


def _non_finite_marks(lines: dict[str, tuple[NDArray[np.float64], ...]]) -> list[Plot]:
    marks = [
        (int(step), f"{name}: {value}")
        for name, (steps, values) in lines.items()
        for step, value in zip(steps, values, strict=True)
        if not np.isfinite(value)
    ]
    if not marks:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": f"not finite ({len(marks):,})",
            "x": [step for step, _ in marks],
            "y": [0.03] * len(marks),
            "yaxis": "y2",
            "text": [html.escape(words) for _, words in marks],
            "hovertemplate": "step %{x:,}: %{text}",
            "marker": {"symbol": "x", "size": 9, "color": FAILURE},
        }
    ]
