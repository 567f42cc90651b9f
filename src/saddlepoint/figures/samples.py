"""Draw samples of any kind: images, volumes, videos, sounds, series, vectors, texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.density import compare
from saddlepoint.figures.frames import frame_strips
from saddlepoint.figures.grids import sample_grid, volume_grid
from saddlepoint.figures.lines import series_lines
from saddlepoint.figures.marks import LogProb
from saddlepoint.figures.sounds import sound_panels
from saddlepoint.figures.texts import text_lines

if TYPE_CHECKING:
    from saddlepoint.figures.style import Picture


def show_samples(
    samples: ArrayLike,
    kind: str,
    *,
    low: float | None = None,
    high: float | None = None,
    data: ArrayLike | None = None,
    log_prob: LogProb | None = None,
    modes: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    rate: float | None = None,
    title: str = "Samples",
) -> Picture:
    """Draw samples (N, *event) as a picture.

    Args:
        samples: (N, *event); texts as strings (N,).
        kind: of the event: "image", "volume", "video", "sound", "series", "vector" or "text".
        low: the data's lowest value; None if it has none.
        high: the data's highest value; None if it has none.
        data: (M, D), for vectors: the data to compare with (see `figures.density.compare`).
        log_prob: for vectors, the data's exact log density.
        modes: for vectors, the data's modes.
        names: for vectors, the names of the columns.
        rate: for sounds, samples a second; None if it is not known.
        title: of the picture.
    """
    if kind == "image":
        return sample_grid(samples, low=low, high=high)
    if kind == "volume":
        return volume_grid(samples, low=low, high=high, title=title)
    if kind == "video":
        return frame_strips(samples, low=low, high=high, title=title)
    if kind == "sound":
        return sound_panels(samples, rate=rate, low=low, high=high, title=title)
    if kind == "series":
        return series_lines(samples, title=title)
    if kind == "vector":
        return compare(samples, data, log_prob=log_prob, modes=modes, names=names, title=title)
    if kind == "text":
        return text_lines([str(sample) for sample in np.asarray(samples)], title=title)
    raise ValueError(f'kind must be "image", "volume", "video", "sound", "series", "vector" or "text", got {kind!r}')
