"""Pictures of games: eigenvalues, the paths of the players, and their distance from the equilibrium."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import INK, LABEL_SIZE, MARKERS, MUTED, colours, figure, legend, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def spectrum(
    eigenvalues: Mapping[str, ArrayLike],
    *,
    of_steps: bool = False,
    title: str = "Eigenvalues at the equilibrium",
) -> Figure:
    """Draw eigenvalues of games or methods in the complex plane.

    Args:
        eigenvalues: by name, (N,) complex.
        of_steps: whether they belong to steps, which converge inside the unit circle (drawn). Otherwise they belong to
            the Jacobian of a field that descent follows: it converges right of the imaginary axis (drawn) and rotates
            off the real axis.
        title: of the picture.

    Raises:
        ValueError: there are no eigenvalues.
    """
    if not eigenvalues:
        raise ValueError("no eigenvalues to draw")
    drawing, grid = figure(width=7.2, height=4.6)
    draw_spectrum(grid[0, 0], eigenvalues, of_steps=of_steps, title=title)
    return drawing


def trajectories(
    paths: Mapping[str, ArrayLike],
    *,
    equilibrium: tuple[float, float] = (0.0, 0.0),
    names: tuple[str, str] = ("first player", "second player"),
    title: str = "The players' paths",
) -> Figure:
    """Draw the paths of two players with one parameter each, and their distances from the equilibrium over the steps.

    A dot marks the start of each path and a cross the equilibrium. The axes extend to twice the farthest start; a path
    that leaves them or overflows ends there.

    Args:
        paths: by name of the method, (T, 2).
        equilibrium: the two parameters at the equilibrium.
        names: of the two players.
        title: of the picture.

    Raises:
        ValueError: there are no paths.
    """
    if not paths:
        raise ValueError("no paths to draw")
    points = {name: _path(path) for name, path in paths.items()}
    drawing, (row,) = figure(1, 2, width=10.0, height=4.6)
    draw_paths(row[0], points, equilibrium=equilibrium, names=names, title=title)
    away = {name: np.hypot(*(path - np.asarray(equilibrium)).T) for name, path in points.items()}
    draw_distances(row[1], away, title="Distance to the equilibrium")
    return drawing


def draw_spectrum(axes: Axes, eigenvalues: Mapping[str, ArrayLike], *, of_steps: bool, title: str) -> None:
    """Draw `spectrum` into axes of a larger picture."""
    shown = {name: np.asarray(values, dtype=np.complex128).reshape(-1) for name, values in eigenvalues.items()}
    style_axes(axes, title=title, x="real part", y="imaginary part")
    if of_steps:
        angle = np.linspace(0.0, 2.0 * np.pi, 721)
        axes.plot(np.cos(angle), np.sin(angle), color=MUTED, linewidth=1.0, label="unit circle: inside converges")
    else:
        axes.axvline(0.0, color=MUTED, linewidth=1.0, label="imaginary axis: turns without end")
    tints = colours(len(shown))
    for index, (name, values) in enumerate(shown.items()):
        finite = values[np.isfinite(values)]
        # Eigenvalues of several often coincide: the later ones are smaller and hollow, so that none is hidden.
        axes.scatter(
            finite.real,
            finite.imag,
            s=max(80 - 9 * index, 24),
            marker=MARKERS[index % len(MARKERS)],
            facecolors="none",
            edgecolors=tints[index],
            linewidths=1.6,
            label=name,
            zorder=3,
        )
    axes.set_aspect("equal", adjustable="datalim")
    legend(axes, loc="center left", bbox_to_anchor=(1.02, 0.5))


def draw_paths(
    axes: Axes, paths: Mapping[str, ArrayLike], *, equilibrium: tuple[float, float], names: tuple[str, str], title: str
) -> None:
    """Draw the paths of `trajectories` into axes of a larger picture."""
    points = {name: _path(path) for name, path in paths.items()}
    style_axes(axes, title=title, x=names[0], y=names[1])
    centre = np.asarray(equilibrium)
    reach = 2.0 * max(float(np.linalg.norm(path[0] - centre)) for path in points.values()) or 1.0
    for tint, (name, path) in zip(colours(len(points)), points.items(), strict=True):
        # One point beyond the edge, so that the line leaves the view.
        outside = ~(np.abs(path - centre).max(1) <= reach)
        end = int(outside.argmax()) + 1 if outside.any() else len(path)
        kept = path[:end][np.isfinite(path[:end]).all(1)]
        axes.plot(kept[:, 0], kept[:, 1], color=tint, linewidth=1.2, label=name)
        axes.plot(*path[0], "o", color=INK, markersize=4)
    axes.plot(*centre, "+", color=INK, markersize=11, markeredgewidth=1.8)
    axes.set_xlim(centre[0] - reach, centre[0] + reach)
    axes.set_ylim(centre[1] - reach, centre[1] + reach)
    axes.set_aspect("equal")


def draw_distances(
    axes: Axes, series: Mapping[str, ArrayLike], *, title: str, x: str = "step", y: str = "distance"
) -> None:
    """Draw positive numbers over steps on a logarithmic axis; zeros and overflows are left out.

    Args:
        axes: to draw into.
        series: by name, (T,).
        title: of the axes.
        x: name of the x axis.
        y: name of the y axis.
    """
    style_axes(axes, title=title, x=x, y=y)
    for tint, (name, values) in zip(colours(len(series)), series.items(), strict=True):
        numbers = np.asarray(values, dtype=np.float64)
        # Beyond a million, or under a trillionth, there is nothing to tell from a picture.
        drawn = np.where(np.isfinite(numbers) & (numbers > 1e-12) & (numbers < 1e6), numbers, np.nan)
        axes.plot(np.arange(len(drawn)), drawn, color=tint, linewidth=1.4, label=name)
    axes.set_yscale("log")
    axes.tick_params(labelsize=LABEL_SIZE - 1)
    legend(axes)


def _path(path: ArrayLike) -> NDArray[np.float64]:
    points = np.asarray(path, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"a path is (T, 2), one parameter a player, got {points.shape}")
    return points
