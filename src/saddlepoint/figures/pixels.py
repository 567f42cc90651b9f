"""Exact conversion of arrays of any range and channel count to pixels, and of cells to one picture.

The map is linear: `low` becomes 0 and `high` 255. Values that are not finite are magenta, never black or white.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import INK, PAPER, picture_font

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]
NOT_A_NUMBER = (255, 0, 255)


def to_pixels(images: ArrayLike, *, low: float | None = None, high: float | None = None) -> Pixels:
    """Convert images to bytes: grey, RGB or RGBA.

    uint8 images without a range are unchanged; all others are mapped from [low, high] to [0, 255], rounded and
    clamped. Images with another number of channels (2, 5, ...) show their channels side by side in grey: W becomes C *
    W.

    Args:
        images: (N, C, H, W).
        low: value of black; None takes the smallest finite value.
        high: value of white; None takes the largest finite value.

    Returns:
        (N, H, W, 1 | 3 | 4).

    Raises:
        ValueError: another shape.
    """
    values = np.asarray(images)
    if values.ndim != 4:
        raise ValueError(f"images must be (N, C, H, W), got an array of shape {values.shape}")
    n, channels, height, width = values.shape
    if channels not in (1, 3, 4):
        values = values.transpose(0, 2, 1, 3).reshape(n, 1, height, channels * width)
    values = values.transpose(0, 2, 3, 1)
    if values.dtype == np.uint8 and (low, high) in ((None, None), (0, 255)):
        return np.ascontiguousarray(values)
    exact = values.astype(np.float64)
    finite = np.isfinite(exact)
    if low is None:
        low = float(exact[finite].min()) if finite.any() else 0.0
    if high is None:
        high = float(exact[finite].max()) if finite.any() else 1.0
    width_of_range = (high - low) or 1.0
    shown = np.where(finite, exact, low)
    pixels: Pixels = np.rint(np.clip((shown - low) / width_of_range, 0.0, 1.0) * 255.0).astype(np.uint8)
    if finite.all():
        return pixels
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    marked = ~finite.all(axis=-1)
    pixels[marked, :3] = NOT_A_NUMBER
    if pixels.shape[-1] == 4:
        pixels[marked, 3] = 255
    return pixels


def scale_factor(height: int, width: int, *, aim: int = 64) -> int:
    """The integer enlargement, at least 1, that makes the longer side of a cell about `aim` pixels."""
    return max(1, aim // max(height, width, 1))


def tile(cells: Pixels, columns: int, *, scale: int, gap: int) -> Pixels:
    """Arrange cells row by row, with white pixels around each cell.

    The upper left pixel of cell i is at row gap + (i // columns) * (H * scale + gap), and likewise for its column.

    Args:
        cells: (N, H, W, C).
        columns: cells in a row.
        scale: integer enlargement.
        gap: white pixels around each cell.
    """
    n, height, width, channels = cells.shape
    rows = -(-n // columns)
    cell_height, cell_width = height * scale, width * scale
    canvas = np.full((gap + rows * (cell_height + gap), gap + columns * (cell_width + gap), channels), 255, np.uint8)
    for i, cell in enumerate(cells):
        top = gap + (i // columns) * (cell_height + gap)
        left = gap + (i % columns) * (cell_width + gap)
        canvas[top : top + cell_height, left : left + cell_width] = cell.repeat(scale, axis=0).repeat(scale, axis=1)
    return canvas


def to_image(pixels: Pixels) -> Image:
    """(H, W, 1 | 3 | 4) bytes -> a picture of mode L, RGB or RGBA."""
    from PIL import Image

    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def add_labels(
    grid: Image,
    *,
    title: str,
    rows: Sequence[tuple[int, str]] = (),
    columns: Sequence[tuple[int, str]] = (),
    size: int = 12,
) -> Image:
    """Add a title above a grid, and labels at its left and top edges.

    The grid is pasted unchanged at the lower right corner, so that it can be cropped again:
    `grid == result.crop((W - grid.width, H - grid.height, W, H))`.

    Args:
        grid: the picture.
        title: above it.
        rows: (centre in the grid's pixels, label) of each row.
        columns: the same for columns.
        size: of the type, in pixels.
    """
    from PIL import Image, ImageDraw

    font, title_font = picture_font(size), picture_font(size + 2)
    left = int(max((font.getlength(words) for _, words in rows), default=0)) + (10 if rows else 0)
    title_height = size + 14 if title else 0
    top = title_height + (size + 8 if columns else 0)
    width = max(left + grid.width, int(title_font.getlength(title)) + 12)
    # The grid stays at the right edge; where the title is the wider one, the words at the left get the room.
    left = width - grid.width
    mode = "RGBA" if grid.mode == "RGBA" else "RGB"
    canvas = Image.new(mode, (width, top + grid.height), PAPER)
    canvas.paste(grid, (left, top))
    draw = ImageDraw.Draw(canvas)
    if title:
        draw.text((6, 6), title, fill=INK, font=title_font)
    for centre, words in rows:
        draw.text((left - 5, top + centre), words, fill=INK, font=font, anchor="rm")
    for centre, words in columns:
        draw.text((left + centre, top - 6), words, fill=INK, font=font, anchor="ms")
    return canvas


def match_channels(groups: Sequence[Pixels]) -> list[Pixels]:
    """Convert all groups to the largest number of channels, so that they fit into one picture (grey becomes RGB, and
    so on).
    """
    channels = max(group.shape[-1] for group in groups)
    return [_with_channels(group, channels) for group in groups]


def _with_channels(pixels: Pixels, channels: int) -> Pixels:
    if pixels.shape[-1] == 1 and channels > 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    if pixels.shape[-1] == 3 and channels == 4:
        opaque: NDArray[Any] = np.full((*pixels.shape[:-1], 1), 255, np.uint8)
        pixels = np.concatenate([pixels, opaque], axis=-1)
    return pixels
