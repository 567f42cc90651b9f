"""Videos as strips of frames: a row for each video, time from left to right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.grids import GAP, rows_with_labels
from saddlepoint.figures.pixels import tile, to_image, to_pixels
from saddlepoint.figures.style import INK, PAPER, picture_font

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

MOST_FRAMES = 20  # of a strip; of longer videos every second or third frame is shown
MOST_VIDEOS = 8
BANNER, LABEL_WIDTH = 20, 190  # pixels above a film's frames, and the least width


def frame_strips(
    videos: ArrayLike | Sequence[ArrayLike],
    *,
    low: float | None = None,
    high: float | None = None,
    names: Sequence[str] | None = None,
    first: int = 1,
    title: str = "Videos: time from left to right, numbers of frames above",
    limit: int = MOST_VIDEOS,
) -> Image:
    """Draw one row of frames for each video.

    Args:
        videos: (N, C, T, H, W), all of one size.
        low: the data's lowest value; None takes that of the videos.
        high: the data's highest value; None takes that of the videos.
        names: of the videos; their numbers if None.
        first: number of the first frame.
        title: of the picture.
        limit: largest number of videos.

    Raises:
        ValueError: videos of another shape.
    """
    values = np.asarray(videos)[:limit]
    if values.ndim != 5 or not values.size:
        raise ValueError(f"videos must be (N, C, T, H, W) and not empty, got an array of shape {values.shape}")
    count, _, length, *_ = values.shape
    shown = range(0, length, math.ceil(length / MOST_FRAMES))
    frames = values[:, :, list(shown)].transpose(0, 2, 1, 3, 4)
    pixels = to_pixels(frames.reshape(-1, *frames.shape[2:]), low=low, high=high)
    rows = list(pixels.reshape(count, len(shown), *pixels.shape[1:]))
    given = [f"{number + 1}" for number in range(count)] if names is None else list(names)[:count]
    return rows_with_labels(rows, given, len(shown), title, None, [str(first + frame) for frame in shown])


def comparison_strips(
    given: NDArray[Any], truth: NDArray[Any], predicted: NDArray[Any], *, title: str, limit: int = 3
) -> Image:
    """Draw three rows for each sequence: the given frames, the frames that followed, and the predicted ones.

    Args:
        given: (N, C, T_in, H, W) in [0, 1].
        truth: (N, C, T_out, H, W).
        predicted: (N, C, T_out, H, W).
        title: of the picture.
        limit: largest number of sequences.
    """
    rows, names = [], []
    longest = max(given.shape[2], truth.shape[2])
    every = math.ceil(longest / MOST_FRAMES)
    for number in range(min(limit, len(given))):
        for name, videos in (("given", given), ("true", truth), ("predicted", predicted)):
            rows.append(to_pixels(videos[number, :, ::every].swapaxes(0, 1), low=0.0, high=1.0))
            names.append(f"{number + 1}, {name}")
    columns = max(map(len, rows))
    return rows_with_labels(rows, names, columns, title, None, [str(1 + every * n) for n in range(columns)])


def comparison_film(
    given: NDArray[Any], truth: NDArray[Any], predicted: NDArray[Any], *, limit: int = 4, side: int = 96
) -> Iterator[Image]:
    """Yield one picture for each frame: true beside predicted, sequences below each other, with the frame's number above.

    Args:
        given: (N, C, T_in, H, W) in [0, 1]; shown on both sides first.
        truth: (N, C, T_out, H, W).
        predicted: (N, C, T_out, H, W).
        limit: largest number of sequences.
        side: pixels to which frames are enlarged, about.
    """
    from PIL import Image, ImageDraw

    count, known = min(limit, len(given)), given.shape[2]
    height, width = given.shape[3:]
    scale = max(1, side // max(height, width))
    font = picture_font(12)
    sides = [np.concatenate([given, after], 2)[:count] for after in (truth, predicted)]
    for frame in range(known + truth.shape[2]):
        pixels = [to_pixels(videos[:, :, frame], low=0.0, high=1.0) for videos in sides]
        cells = np.stack(pixels, 1).reshape(2 * count, *pixels[0].shape[1:])
        grid = to_image(tile(cells, 2, scale=scale, gap=GAP)).convert("RGB")
        canvas = Image.new("RGB", (_even(max(grid.width, LABEL_WIDTH)), _even(grid.height + BANNER)), PAPER)
        canvas.paste(grid, (0, BANNER))
        said = f"frame {frame + 1}: " + ("given" if frame < known else "true | predicted")
        ImageDraw.Draw(canvas).text((GAP, 3), said, fill=INK, font=font)
        yield canvas


def continuation_film(given: NDArray[Any], predicted: NDArray[Any], *, side: int = 192) -> Iterator[Image]:
    """Yield one picture for each given frame and each predicted one, with its number above.

    Args:
        given: (C, T_in, H, W) uint8.
        predicted: (C, T_out, H, W) uint8.
        side: pixels to which frames are enlarged, about.
    """
    from PIL import Image, ImageDraw

    font = picture_font(12)
    scale = max(1, side // max(given.shape[2:]))
    frames = np.concatenate([given, predicted], 1).swapaxes(0, 1)
    for number, pixels in enumerate(to_pixels(frames, low=0, high=255)):
        picture = to_image(tile(pixels[None], 1, scale=scale, gap=GAP)).convert("RGB")
        canvas = Image.new("RGB", (_even(max(picture.width, LABEL_WIDTH)), _even(picture.height + BANNER)), PAPER)
        canvas.paste(picture, (0, BANNER))
        said = f"frame {number + 1}: {'given' if number < given.shape[1] else 'predicted'}"
        ImageDraw.Draw(canvas).text((GAP, 3), said, fill=INK, font=font)
        yield canvas


def _even(n: int) -> int:
    """The next even number: H.264 halves the colour planes."""
    return n + n % 2
