"""Small line plots of the series behind a finding, with the window of the finding shaded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.figures.panels import series_label
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import Series
from saddlepoint.report.words import number

WIDTH, HEIGHT = 220.0, 40.0
MOST, POINTS = 4, 120  # series a finding; points a line


def sparklines(evidence: Mapping[str, Any], series: Series) -> Markup:
    """The series that `evidence["series"]` names, with `evidence["window"]` ([first, last] step) shaded; "" without any."""
    names = evidence.get("series")
    window = evidence.get("window")
    if not isinstance(names, Sequence) or isinstance(names, str):
        return Markup()
    shown = [name for name in names if isinstance(name, str) and name in series][:MOST]
    lines = joined(_line(name, *series[name], window) for name in shown)
    return html('<div class="sparklines">{}</div>', lines) if lines else Markup()


def _line(name: str, steps: Sequence[int], values: Sequence[float], window: Any) -> Markup:
    points = [(step, value) for step, value in zip(steps, values, strict=True) if math.isfinite(value)]
    if len(points) < 2:
        return Markup()
    points = points[:: max(1, len(points) // POINTS)] + points[-1:]
    first, last = points[0][0], points[-1][0]
    low, high = min(value for _, value in points), max(value for _, value in points)

    def across(step: float) -> float:
        return WIDTH * (min(max(step, first), last) - first) / max(last - first, 1)

    path = " ".join(
        f"{across(step):.1f},{HEIGHT - 2 - (HEIGHT - 4) * (value - low) / (high - low or 1):.1f}"
        for step, value in points
    )
    shade = Markup()
    if isinstance(window, Sequence) and len(window) == 2 and all(isinstance(step, int) for step in window):
        start, end = across(window[0]), across(window[1])
        width = max(end - start, 1.5)
        shade = html('<rect x="{:.1f}" y="0" width="{:.1f}" height="{:g}"/>', start, width, HEIGHT)
    said = f"{series_label(name)}: from {number(points[0][1])} to {number(points[-1][1])}"
    return html(
        '<figure><svg viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">{}<polyline points="{}"/></svg>'
        "<figcaption>{}: {} ({} to {})</figcaption></figure>",
        WIDTH,
        HEIGHT,
        said,
        shade,
        path,
        series_label(name),
        number(values[-1]),
        number(low),
        number(high),
    )
