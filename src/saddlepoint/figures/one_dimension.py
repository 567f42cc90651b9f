"""A GAN in one dimension in one picture.

Top: the densities of data and samples, and the discriminator. Middle: the direction in which the generator's loss
moves samples, the slope of the discriminator. Bottom: the map from noise to data.

References:
    Generative Adversarial Networks (Ian J. Goodfellow and others, 2014), figure 1, https://arxiv.org/abs/1406.2661
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.marks import (
    ALONE,
    LINE,
    Judgement,
    LogProb,
    as_points,
    draw_densities,
    draw_discriminator,
    legend_below,
    thin,
)
from saddlepoint.figures.style import GENERATED, GREEN, LABEL_SIZE, MUTED, PURPLE, figure, style_axes, text
from saddlepoint.figures.views import Points, Range, data_views, stable_limit, title_with_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pushes = Callable[[Points], ArrayLike]

LEFT, RIGHT = 0.9, 0.75  # inches beside the panels
TITLE, LEGEND = 0.5, 1.75  # inches above the first panel and below the last one's axis
GAP, AXIS = 0.42, 0.5  # inches between two panels, and for the last one's ticks and name
PANELS = {"densities": 2.5, "pushes": 1.25, "map": 1.5}
WIDTH = 5.8
ARROWS = 11
LONGEST = 0.12  # of the view, an arrow as strong as the panel is high


def game_figure(
    generated: ArrayLike,
    data: ArrayLike | None = None,
    *,
    log_prob: LogProb | None = None,
    modes: ArrayLike | None = None,
    discriminator: Callable[[Points], ArrayLike] | None = None,
    judgement: Judgement = ALONE,
    pushes: Pushes | None = None,
    latent: tuple[ArrayLike, ArrayLike] | None = None,
    name: str = "x",
    title: str = "The game on a line",
) -> Figure:
    """Draw the panels whose data are given, over one axis in the data's units.

    Args:
        generated: (N,) or (N, 1).
        data: (M,) or (M, 1), drawn if log_prob is not given.
        log_prob: (K, 1) -> (K,), exact log density of the data in nats.
        modes: (K,) or (K, 1).
        discriminator: (K, 1) -> (K,) in [0, 1].
        judgement: the meaning of the discriminator's number, by default the probability that a point is real.
        pushes: (K, 1) -> (K, 1), minus the gradient of the generator's loss at these points, in nats per unit of the data.
        latent: values of the noise (L,), evenly spaced in probability, and the generator's output for them (L,).
        name: of the axis.
        title: of the picture.
    """
    points = as_points(generated)
    reference = None if data is None else as_points(data)
    centres = None if modes is None else as_points(modes)
    (view,) = data_views(points, reference, centres)
    shown = ["densities", *(["pushes"] if pushes is not None else []), *(["map"] if latent is not None else [])]
    drawing, panels = _panels(shown)
    units = f"{name} (data's units)"

    top = panels["densities"]
    style_axes(top, title=title_with_count(title, points, [view]), x="", y="probability density")
    draw_densities(top, view, points, reference, log_prob=log_prob, modes=centres)
    boundaries = draw_discriminator(top, view, discriminator, judgement) if discriminator is not None else np.empty(0)
    for panel in (panels[part] for part in shown if part != "map"):
        for boundary in boundaries:
            panel.axvline(boundary, color=GREEN, linewidth=1.0, linestyle=":")
    if discriminator is not None:
        top.plot([], [], color=GREEN, linewidth=1.0, linestyle=":", label=judgement.level)
    if pushes is not None:
        _draw_pushes(panels["pushes"], view, points, pushes)
        _add_legend_entry(top, GENERATED, "where the generator's loss pushes samples")
    if latent is not None:
        _draw_map(panels["map"], view, *latent)
        _add_legend_entry(top, PURPLE, "from noise z to G(z), lines of equal probability")
    last = panels[shown[-1]]
    if shown[-1] != "map":
        last.set_xlabel(text(units), fontsize=LABEL_SIZE)
    else:
        panels[shown[-2]].set_xlabel(text(units), fontsize=LABEL_SIZE, labelpad=1)
    legend_below(drawing, top)
    return drawing


def _panels(shown: Sequence[str]) -> tuple[Figure, dict[str, Axes]]:
    """Panels of the heights above, all as wide, with room for words that does not depend on how many there are."""
    height = TITLE + sum(PANELS[part] for part in shown) + GAP * (len(shown) - 1) + AXIS + LEGEND
    margins = {"left": LEFT / WIDTH, "right": 1 - RIGHT / WIDTH}
    drawing, grid = figure(len(shown), 1, width=WIDTH, height=height, margins=margins)
    panels: dict[str, Axes] = dict(zip(shown, grid[:, 0], strict=True))
    upper = height - TITLE
    for part, axes in panels.items():
        lower = upper - PANELS[part]
        axes.set_position((margins["left"], lower / height, margins["right"] - margins["left"], PANELS[part] / height))
        upper = lower - GAP
    return drawing, panels


def _draw_pushes(axes: Axes, view: Range, generated: Points, pushes: Pushes) -> None:
    """The field as a curve over the view, and as arrows at generated points, each at the height of its strength."""
    line = np.linspace(*view, LINE)[:, None]
    field = _finite(pushes(line))
    style_axes(axes, title="", x="", y="push\n(nats per unit)")
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    axes.plot(line[:, 0], field, color=MUTED, linewidth=1.2)
    axes.set_xlim(*view)
    inside = thin(generated)
    inside = inside[(inside[:, 0] >= view[0]) & (inside[:, 0] <= view[1])]
    strongest = 0.0
    if len(inside):
        at = np.quantile(inside[:, 0], (np.arange(ARROWS) + 0.5) / ARROWS)
        strength = _finite(pushes(at[:, None]))
        strongest = float(np.nanmax(np.abs(strength), initial=0.0))
    # As high as what happens to the samples needs: where there are none the field may be many times as strong.
    share = 0.35 if strongest > 0 else 1.25
    half = stable_limit(max(1.5 * strongest, share * float(np.nanmax(np.abs(field), initial=0.0)), 1e-6))
    axes.set_ylim(-half, half)
    if strongest > 0:
        length = strength * LONGEST * (view[1] - view[0]) / half
        axes.plot(at, strength, "o", color=GENERATED, markersize=3)
        style: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1.0, "units": "inches", "width": 0.016}
        axes.quiver(at, strength, length, np.zeros(len(at)), color=GENERATED, zorder=3, **style)


def _draw_map(axes: Axes, view: Range, noise: ArrayLike, made: ArrayLike) -> None:
    """Lines from the noise's axis below to the data's axis above."""
    from matplotlib.collections import LineCollection
    from matplotlib.ticker import MaxNLocator

    z, x = np.asarray(noise, np.float64).ravel(), np.asarray(made, np.float64).ravel()
    style_axes(axes, title="", x="noise z", y="")
    low, high = float(z.min()), float(z.max())
    spread = (high - low) or 1.0

    def place(value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the noise's axis, stretched over the panel, has this value."""
        placed: NDArray[np.float64] = view[0] + (0.04 + 0.92 * (value - low) / spread) * (view[1] - view[0])
        return placed

    drawable = np.isfinite(x) & (np.abs(x) < 1e100)
    below, above = np.stack([place(z), np.zeros(len(z))], 1), np.stack([x, np.ones(len(x))], 1)
    lines = np.stack([below, above], 1)[drawable]
    axes.add_collection(LineCollection(list(lines), colors=PURPLE, linewidths=0.8, alpha=0.8))
    ticks = np.array([tick for tick in MaxNLocator(8).tick_values(low, high) if low <= tick <= high])
    axes.set_xticks(place(ticks), [f"{tick:g}" for tick in ticks])
    axes.set_yticks([0.0, 1.0], ["z", "G(z)"])
    axes.grid(False)
    axes.spines["top"].set_visible(True)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(*view)
    axes.set_ylim(0.0, 1.0)


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    """(K, 1) -> (K,), with NaN for values that are not finite."""
    found = np.asarray(values, np.float64).reshape(-1)
    finite: NDArray[np.float64] = np.where(np.isfinite(found), found, np.nan)
    return finite


def _add_legend_entry(axes: Axes, colour: str, label: str) -> None:
    """Add a legend entry for an element of another panel."""
    axes.plot([], [], color=colour, linewidth=1.2, label=label)
