"""The videos of a source: a name, a path, an array, or a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from saddlepoint.arguments import check_count, check_path
from saddlepoint.data import SOURCES, DataSettings, load
from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError, SettingError

NAMES = tuple(name for name in SOURCES if name.startswith("moving-"))
FEWEST = 2  # test sequences, below which there is no interval


def data_settings(
    source: str | Path,
    length: int,
    *,
    size: int | None = None,
    stride: int | None = None,
    points: int | None = None,
    channels: str = "auto",
) -> DataSettings:
    """The settings by which a source is read as videos.

    Args:
        source: a built-in name or a path.
        length: frames of an example.
        size: height and width in pixels; None keeps the source's own.
        stride: frames between the starts of two examples of one sequence; None for `length`.
        points: training videos of the moving digits; None takes the usual number.
        channels: colours, as in `data.channels`.
    """
    text = str(check_path("predict", "the data", source))
    if text in SOURCES and text not in NAMES:
        raise SettingError(
            f"predict: {text} holds no videos; give {' or '.join(NAMES)}, or a folder of videos or of frame sequences."
        )
    fields: dict[str, Any] = {"source": text, "length": length, "channels": channels}
    if text not in SOURCES:
        fields["kind"] = "video"
    given = {"size": size, "stride": stride, "points": points}
    fields |= {name: check_count("predict", name, value, 1) for name, value in given.items() if value is not None}
    return DataSettings(**fields)


def read_videos(settings: DataSettings) -> Dataset:
    """The videos, of which at least two sequences must be held out.

    Raises:
        DataError: they cannot be read, or too few are held out.
    """
    dataset = load(settings)
    if dataset.event.kind != "video":
        raise DataError(f"{settings.source}: holds {dataset.event.plural}, and predict needs videos.")
    held_out = len(dataset.held_out) if dataset.held_out is not None else 0
    if held_out < FEWEST:
        raise DataError(
            f"{settings.source}: {held_out} test sequence{'s' if held_out != 1 else ''} of {settings.length} frames, and {FEWEST} are needed to "
            "measure a predictor; give more or longer sequences, or fewer frames (--frames-in, --frames-out), or put sequences for testing into a folder "
            "named test, beside one named train."
        )
    return dataset
