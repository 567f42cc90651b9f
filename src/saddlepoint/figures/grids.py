"""Grids of examples with exact pixels: nothing is interpolated (but rendered views of volumes), cropped or rescaled in brightness.

Images are (N, C, H, W), uint8 or float with the range `low` to `high`. Interpolations and traversals take decoded
images, so this module does not depend on models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.pixels import Pixels, add_labels, match_channels, scale_factor, tile, to_image, to_pixels
from saddlepoint.figures.style import shorten
from saddlepoint.figures.volumes import VIEWS, rendered_view

if TYPE_CHECKING:
    from PIL.Image import Image

GAP = 2
MOST_CLASSES = 20  # rows of a grid by class
LONGEST_NAME = 24  # characters of a class's name beside its row
BESIDE = 136


def sample_grid(
    images: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    columns: int | None = None,
    scale: int | None = None,
    gap: int = GAP,
) -> Image:
    """Draw images as one picture, row by row, without text, so that the frames of a video have equal size.

    Args:
        images: (N, C, H, W).
        low: the data's lowest value; None takes that of the images.
        high: the data's highest value; None takes that of the images.
        columns: cells in a row; None makes the grid nearly square.
        scale: integer enlargement; None makes the longer side of a cell about 64 pixels.
        gap: white pixels between cells.

    Raises:
        ValueError: there are no images.
    """
    pixels = to_pixels(images, low=low, high=high)
    if len(pixels) == 0:
        raise ValueError("there is no image to show: images has length 0")
    columns = columns or math.ceil(math.sqrt(len(pixels)))
    return to_image(tile(pixels, columns, scale=scale or scale_factor(*pixels.shape[1:3]), gap=gap))


def reconstruction_grid(
    originals: ArrayLike,
    reconstructions: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    columns: int | None = None,
    scale: int | None = None,
    names: tuple[str, str] = ("original", "reconstruction"),
    title: str = "Held-out examples and their reconstructions",
) -> Image:
    """Draw each original above its reconstruction, in the same range.

    Args:
        originals: (N, C, H, W).
        reconstructions: (N, C, H, W).
        low: the data's lowest value; None takes that of the originals.
        high: the data's highest value; None takes that of the originals.
        columns: pairs in a row.
        scale: integer enlargement; None chooses it.
        names: of the rows, for pairs of another kind.
        title: of the picture.

    Raises:
        ValueError: the shapes differ.
    """
    first = np.asarray(originals)
    if low is None and first.dtype != np.uint8:
        low = float(np.nanmin(first))
    if high is None and first.dtype != np.uint8:
        high = float(np.nanmax(first))
    above, below = match_channels([to_pixels(x, low=low, high=high) for x in (originals, reconstructions)])
    if above.shape != below.shape:
        raise ValueError(f"originals and reconstructions differ in shape: {above.shape} and {below.shape}")
    columns = min(columns or 10, len(above))
    rows: list[Pixels] = []
    words: list[str] = []
    for start in range(0, len(above), columns):
        rows += [above[start : start + columns], below[start : start + columns]]
        words += names
    return rows_with_labels(rows, words, columns, title, scale)


def completion_grid(
    originals: ArrayLike,
    known: ArrayLike,
    completions: ArrayLike,
    truth: ArrayLike | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    scale: int | None = None,
    title: str = "Images with holes and their completions",
) -> Image:
    """Draw images with their holes in magenta, below them each completion, and last the truth.

    Args:
        originals: (N, C, H, W).
        known: (N, C, H, W) bool.
        completions: (M, N, C, H, W).
        truth: (N, C, H, W), or None.
        low: the data's lowest value; None takes that of the completions.
        high: the data's highest value; None takes that of the completions.
        scale: integer enlargement; None chooses it.
        title: of the picture.
    """
    drawn = np.asarray(completions)
    low = float(drawn.min()) if low is None else low
    high = float(drawn.max()) if high is None else high
    holes = np.where(np.asarray(known), np.asarray(originals, dtype=np.float64), np.nan)
    images = [holes, *drawn] + ([] if truth is None else [np.asarray(truth)])
    rows = match_channels([to_pixels(row, low=low, high=high) for row in images])
    names = ["with holes"]
    names += ["completion"] if len(drawn) == 1 else [f"completion {number}" for number in range(1, len(drawn) + 1)]
    return rows_with_labels(rows, [*names, *([] if truth is None else ["truth"])], len(holes), title, scale)


def class_grid(
    images: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str],
    *,
    low: float | None = None,
    high: float | None = None,
    columns: int = 10,
    wrapped: bool = False,
    scale: int | None = None,
    title: str | None = None,
) -> Image:
    """Draw one row of images for each class that occurs, at most `MOST_CLASSES` of them.

    Args:
        images: (N, C, H, W).
        labels: (N,) integers.
        class_names: of the labels.
        low: the data's lowest value; None takes that of the images.
        high: the data's highest value; None takes that of the images.
        columns: images in a row, at most.
        wrapped: whether further images of a class are drawn in rows below; otherwise they are left out.
        scale: integer enlargement; None chooses it.
        title: of the picture, to which the number of rows is added where some are left out; None names the class if there is
            only one.

    Raises:
        ValueError: there are no images.
    """
    pixels, classes = to_pixels(images, low=low, high=high), np.asarray(labels)
    if len(pixels) == 0:
        raise ValueError("there is no image to show: images has length 0")
    present = np.unique(classes)
    shown = present[:MOST_CLASSES]
    if title is None:
        one = class_names[present[0]] if present[0] < len(class_names) else f"{present[0]}"
        title = f"Samples of the class {_printable(one)}" if len(present) == 1 else "Samples by class"
    if len(shown) < len(present):
        title = f"{title} ({len(shown)} of {len(present)} classes)"
    rows: list[Pixels] = []
    names: list[str] = []
    for label in shown:
        own = pixels[classes == label]
        parts = [own[start : start + columns] for start in range(0, len(own) if wrapped else 1, columns)]
        rows += parts
        name = class_names[label] if label < len(class_names) else f"{label}"
        names += [_printable(name), *[""] * (len(parts) - 1)]
    return rows_with_labels(rows, names, max(map(len, rows)), title, scale)


def grid_over_time(
    moments: Sequence[tuple[int, ArrayLike]],
    *,
    low: float | None = None,
    high: float | None = None,
    columns: int = 10,
    column_names: Sequence[str] = (),
    scale: int | None = None,
    title: str = "Samples over training, the same noise in every row",
) -> Image:
    """Draw one row of images for each step.

    Args:
        moments: (step, images (N, C, H, W)); the first `columns` images are shown.
        low: the data's lowest value; None takes that of the images.
        high: the data's highest value; None takes that of the images.
        columns: images in a row.
        column_names: of the columns, such as the class of each; empty for none.
        scale: integer enlargement; None chooses it.
        title: of the picture.
    """
    rows = match_channels([to_pixels(images, low=low, high=high)[:columns] for _, images in moments])
    return rows_with_labels(rows, [f"step {step:,}" for step, _ in moments], columns, title, scale, column_names)


def interpolation_grid(
    paths: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    scale: int | None = None,
    row_names: Sequence[str] = (),
    title: str = "Interpolation: from one code (left) to another (right)",
) -> Image:
    """Draw paths between two codes, one in a row.

    Args:
        paths: (R, S, C, H, W), R paths decoded at S points from start to end.
        low: the data's lowest value; None takes that of the images.
        high: the data's highest value; None takes that of the images.
        scale: integer enlargement; None chooses it.
        row_names: of the paths, such as the class of each; empty for none.
        title: of the picture.
    """
    values = np.asarray(paths)
    rows, steps = values.shape[:2]
    pixels = to_pixels(values.reshape(rows * steps, *values.shape[2:]), low=low, high=high)
    shares = [f"{share:.0%}" for share in np.linspace(0.0, 1.0, steps)]
    cells = [pixels[row * steps : (row + 1) * steps] for row in range(rows)]
    return rows_with_labels(cells, [_printable(name) for name in row_names], steps, title, scale, shares)


def traversal_grid(
    images: ArrayLike,
    values: Sequence[float],
    *,
    low: float | None = None,
    high: float | None = None,
    scale: int | None = None,
    dimensions: Sequence[str] | None = None,
    title: str = "Latent traversals: one dimension of the code a row, its value above",
) -> Image:
    """Draw latent traversals: row d is decoded with latent dimension d set to each of the S `values`.

    Args:
        images: (D, S, C, H, W).
        values: (S,) of the latent dimension.
        low: the data's lowest value; None takes that of the images.
        high: the data's highest value; None takes that of the images.
        scale: integer enlargement; None chooses it.
        dimensions: names of the rows.
        title: of the picture.
    """
    cells = np.asarray(images)
    count, steps = cells.shape[:2]
    pixels = to_pixels(cells.reshape(count * steps, *cells.shape[2:]), low=low, high=high)
    names = list(dimensions or [f"z{d + 1}" for d in range(count)])
    rows = [pixels[d * steps : (d + 1) * steps] for d in range(count)]
    return rows_with_labels(rows, names, steps, title, scale, [f"{value:.1f}" for value in values])


def volume_grid(
    volumes: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    scale: int | None = None,
    limit: int = 8,
    names: Sequence[str] | None = None,
    title: str = "Volumes: rendered views, middle slices and largest values along each axis",
) -> Image:
    """Draw one row for each volume: two rendered views (of what lies above the middle of the range), its three middle slices, and
    three projections (the maximum along an axis).

    Other numbers of channels than one or three are averaged.

    Args:
        volumes: (N, C, D, H, W).
        low: the data's lowest value; None takes that of the volumes.
        high: the data's highest value; None takes that of the volumes.
        scale: integer enlargement; None chooses it.
        limit: largest number of volumes.
        names: of the volumes; their numbers if None.
        title: of the picture.

    Raises:
        ValueError: volumes of another shape.
    """
    values = np.asarray(volumes)[:limit].astype(np.float64)
    if values.ndim != 5:
        raise ValueError(f"volumes must be (N, C, D, H, W), got an array of shape {values.shape}")
    if values.shape[1] not in (1, 3):
        values = values.mean(axis=1, keepdims=True)
    low = float(np.nanmin(values)) if low is None else low
    high = float(np.nanmax(values)) if high is None else high
    axes = ("depth", "height", "width")
    middle = [np.take(values, values.shape[axis] // 2, axis=axis) for axis in (2, 3, 4)]
    largest = [values.max(axis=axis) for axis in (2, 3, 4)]
    side = max(values.shape[2:])
    flat = [_pad(to_pixels(view, low=low, high=high), side) for view in (*middle, *largest)]
    scale = scale or scale_factor(side, side, aim=96)
    solid, threshold = values.mean(axis=1), (low + high) / 2
    rendered = []
    for azimuth, elevation in VIEWS:
        seen = [rendered_view(volume, azimuth, elevation, threshold=threshold) for volume in solid]
        rendered.append(_resized(to_pixels(np.stack(seen)[:, None], low=0.0, high=1.0), side * scale))
    # Slices are enlarged here, because rendered views have the pixels of the picture.
    enlarged = [view.repeat(scale, axis=1).repeat(scale, axis=2) for view in flat]
    views = match_channels([*rendered, *enlarged])
    rows = [np.stack([view[i] for view in views]) for i in range(len(values))]
    above = (
        [f"view {n + 1}" for n in range(len(rendered))]
        + [f"mid {axis}" for axis in axes]
        + [f"max {axis}" for axis in axes]
    )
    return rows_with_labels(
        rows,
        list(names or [f"{i + 1}" for i in range(len(values))])[: len(values)],
        len(views),
        title,
        1,
        above,
    )


def rows_with_labels(
    rows: Sequence[Pixels],
    row_names: Sequence[str],
    columns: int,
    title: str,
    scale: int | None,
    column_names: Sequence[str] = (),
) -> Image:
    """Draw rows of cells with names: left of the rows, and above the columns where they fit.

    Args:
        rows: the cells of each row, (N, H, W, channels).
        row_names: of the rows.
        columns: cells of the longest row.
        title: of the picture.
        scale: integer enlargement; None chooses it.
        column_names: of the columns.
    """
    height, width, channels = rows[0].shape[1:]
    size = 12
    longest = max((len(name) for name in column_names), default=1) * size * 0.65
    if scale is None:
        # Images are enlarged further, up to twice, so that every column has its name.
        usual = scale_factor(height, width)
        scale = max(usual, min(2 * usual, math.ceil((longest - GAP) / width)))
    cells = np.full((len(rows), columns, height, width, channels), 255, np.uint8)
    for row, images in zip(cells, rows, strict=True):
        row[: len(images)] = images[:columns]
    grid = to_image(tile(cells.reshape(-1, height, width, channels), columns, scale=scale, gap=GAP))
    row_pitch, column_pitch = height * scale + GAP, width * scale + GAP
    # Where a column is still narrower than its name, every second or third name is written.
    every = max(1, math.ceil(longest / column_pitch))
    return add_labels(
        grid,
        title=title,
        rows=[(GAP + i * row_pitch + height * scale // 2, name) for i, name in enumerate(row_names)],
        columns=[
            (GAP + i * column_pitch + width * scale // 2, name) for i, name in enumerate(column_names) if i % every == 0
        ],
        size=size,
    )


def _printable(name: str) -> str:
    plain = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shorten(plain, LONGEST_NAME)


def _resized(pixels: Pixels, side: int) -> Pixels:
    """Smoothly resized grey pictures (N, H, W, 1) -> (N, side, side, 1)."""
    made = [np.asarray(to_image(picture).resize((side, side))) for picture in pixels]
    return np.stack(made)[..., None]


def _pad(pixels: Pixels, side: int) -> Pixels:
    height, width = pixels.shape[1:3]
    return np.pad(pixels, ((0, 0), (0, side - height), (0, side - width), (0, 0)), constant_values=BESIDE)
