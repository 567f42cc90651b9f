"""Pictures of image games that differ in one setting: ratios of distances, distances over training, and samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.figures.bands import bands_figure
from saddlepoint.figures.grids import class_grid
from saddlepoint.figures.style import GREEN, INK, MUTED, RED, TICK_SIZE, figure, legend, style_axes, text
from saddlepoint.studies.claims.image_games import ImageOutcome, log_distance
from saddlepoint.studies.claims.quantities import seed_band

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image


def draw_ratios(title: str, seeds: Mapping[str, Tensor], means: Sequence[Interval]) -> Figure:
    """Draw the ratio of distances to those of the full game, a row for each game: every seed, and the mean.

    Args:
        title: of the picture.
        seeds: by the name of the row, (S,) ratios; above 1 where the full game comes nearer to the data.
        means: the geometric mean of each row with its interval.
    """
    drawing, grid = figure(1, 1, width=9.5, height=1.6 + 0.48 * len(seeds))
    axes = grid[0, 0]
    style_axes(axes, title=title, x="energy distance over that of the full game", y="")
    for place, (own, mean) in enumerate(zip(seeds.values(), means, strict=True)):
        tint = GREEN if mean.low > 1 else RED if mean.high < 1 else MUTED
        names = ("", "") if place else ("one seed", "mean and interval")
        axes.plot(own, np.full(len(own), place), "o", color=tint, alpha=0.4, markersize=4, label=names[0])
        axes.plot([mean.low, mean.high], [place, place], color=tint, linewidth=2.2)
        axes.plot(mean.value, place, "D", color=tint, markersize=7, label=names[1])
    axes.axvline(1.0, color=INK, linewidth=1.0, linestyle=":")
    axes.set_xscale("log")
    axes.set_yticks(range(len(seeds)), [text(name) for name in seeds], fontsize=TICK_SIZE)
    axes.invert_yaxis()
    legend(axes, loc="best")
    return drawing


def draw_distances(title: str, outcomes: Mapping[str, ImageOutcome]) -> Figure:
    """Draw the energy distance over training: the middle seed, and the band of the middle 80 %.

    Args:
        title: of the picture.
        outcomes: by name.
    """
    bands = {name: seed_band(own.measured_at, log_distance(own.distance).exp()) for name, own in outcomes.items()}
    return bands_figure({title: bands}, y="energy distance", log_x=False)


def draw_samples(title: str, samples: Mapping[str, Tensor]) -> Image:
    """Draw a row of samples for each game.

    Args:
        title: of the picture.
        samples: by the name of the row, (n, C, H, W) with values from 0; the largest value of the first row is white.
    """
    high = max(float(next(iter(samples.values())).nan_to_num(0.0).max()), 1.0)
    images = torch.cat([own.float().nan_to_num(0.0) for own in samples.values()]).clamp(0.0, high)
    rows = torch.cat([torch.full((len(own),), row) for row, own in enumerate(samples.values())])
    columns = max(map(len, samples.values()))
    return class_grid(images, rows, list(samples), low=0.0, high=high, columns=columns, title=title)
