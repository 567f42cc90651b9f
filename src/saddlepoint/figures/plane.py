"""A GAN in the plane: the discriminator as a surface, and the direction in which its slope pushes samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.marks import ALONE, Judgement, as_points, draw_plane, legend_below, thin
from saddlepoint.figures.style import GREEN, INK, LABEL_SIZE, MUTED, TICK_SIZE, figure, style_axes
from saddlepoint.figures.views import Points, data_views, equal_spans, stable_limit, title_with_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, SIDE = 6.0, 6.35, 4.35  # inches: of the figure, of the square
LEFT, BOTTOM = 0.8, 1.55  # inches beside the square and below it, where the legend is
GRID = 120  # points of the surface a side
ARROWS = 120
LONGEST = 0.08  # of the view, the longest arrow at most


def surface(
    generated: ArrayLike,
    data: ArrayLike | None,
    discriminator: Callable[[Points], ArrayLike],
    *,
    modes: ArrayLike | None = None,
    pushes: Callable[[Points], ArrayLike] | None = None,
    judgement: Judgement = ALONE,
    names: Sequence[str] = ("x1", "x2"),
    title: str = "The game in the plane",
) -> Figure:
    """Generated (N, 2) and data (M, 2) over the discriminator's number, its line of 1/2 drawn.

    Args:
        discriminator: (K, 2) -> (K,) in [0, 1].
        modes: (K, 2).
        judgement: what that number is, by default the probability of real.
        pushes: (K, 2) -> (K, 2), minus the gradient of the generator's loss at these points, in nats per unit of the
            data; drawn as arrows at some of the generated points, the longest of which is as strong as the legend says
            and half to all of LONGEST.
    """
    points = as_points(generated)
    reference = None if data is None else as_points(data)
    centres = None if modes is None else as_points(modes)
    drawing, grid = figure(width=WIDTH, height=HEIGHT, margins={"left": LEFT / WIDTH})
    axes: Axes = grid[0, 0]
    axes.set_position((LEFT / WIDTH, BOTTOM / HEIGHT, SIDE / WIDTH, SIDE / HEIGHT))
    views = equal_spans(data_views(points, reference, centres))
    style_axes(
        axes,
        title=title_with_count(title, points, views),
        x=f"{names[0]} (data's units)",
        y=f"{names[1]} (data's units)",
    )
    axes.grid(False)
    _colour(drawing, axes, views, discriminator, judgement)
    draw_plane(axes, views, points, reference, centres)
    if pushes is not None:
        _arrows(axes, views, points, pushes)
    axes.plot([], [], color=GREEN, linewidth=1.2, label=judgement.level)
    legend_below(drawing, axes)
    return drawing


def _colour(
    drawing: Figure,
    axes: Axes,
    views: Sequence[tuple[float, float]],
    discriminator: Callable[[Points], ArrayLike],
    judgement: Judgement,
) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    x, y = (np.linspace(*view, GRID) for view in views)
    at = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    values = np.asarray(discriminator(at), np.float64).reshape(GRID, GRID)
    # A colour of its own, so that samples and data are visible on it; greener means more real.
    colours = LinearSegmentedColormap.from_list("discriminator", ["#FFFFFF", GREEN])
    shades = axes.pcolormesh(x, y, values, cmap=colours, vmin=0.0, vmax=1.0, shading="nearest", alpha=0.45)
    shades.set_edgecolor("none")
    finite = values[np.isfinite(values)]
    if len(finite) and finite.min() < 0.5 < finite.max():
        axes.contour(x, y, values, levels=[0.5], colors=[GREEN], linewidths=1.2)
    beside = drawing.add_axes(((LEFT + SIDE + 0.15) / WIDTH, BOTTOM / HEIGHT, 0.17 / WIDTH, SIDE / HEIGHT))
    bar = drawing.colorbar(shades, cax=beside)
    bar.set_label(f"discriminator: {judgement.axis}", fontsize=LABEL_SIZE, color=INK)
    bar.ax.tick_params(labelsize=TICK_SIZE, colors=MUTED)


def _arrows(
    axes: Axes,
    views: Sequence[tuple[float, float]],
    generated: Points,
    pushes: Callable[[Points], ArrayLike],
) -> None:
    low, high = np.array(views).T
    inside = generated[((generated >= low) & (generated <= high)).all(axis=1)]
    at = thin(inside, ARROWS)
    if not len(at):
        return
    field = np.asarray(pushes(at), np.float64)
    field = np.where(np.isfinite(field), field, 0.0)
    strongest = float(np.linalg.norm(field, axis=1).max())
    if strongest == 0:
        return
    # An arrow is as long for the same push in most frames of a film.
    arrows = field * LONGEST * (high[0] - low[0]) / stable_limit(strongest)
    axes.quiver(
        *at.T, *arrows.T, angles="xy", scale_units="xy", scale=1.0, units="inches", width=0.014, color=INK, zorder=4
    )
    axes.plot([], [], color=INK, label=f"the generator's loss pushes: longest {strongest:.2g} nats per unit")
