"""Time series from files: `.npy` arrays (T,) or (T, C), and `.csv` tables whose columns are numbers, a row a step.

Where all files of a folder have one length, each is an example, unless `data.length` says otherwise; else examples are windows,
and the end of each file is held out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.folder import Wanted, list_files
from saddlepoint.data.layout import STEPS_PER_COLUMN
from saddlepoint.data.npy import read_npy
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import assemble
from saddlepoint.data.streams import Streams, cut_files, whole_files
from saddlepoint.data.tables import read_numbers
from saddlepoint.data.windows import DEFAULT_LENGTH
from saddlepoint.errors import DataError

SERIES = Wanted("series", frozenset({".npy", ".csv"}))

Array = npt.NDArray[Any]


def load(settings: DataSettings) -> Dataset:
    """(N, length, C) float32: one or more files of time series.

    Raises:
        DataError: no files, a table with text or gaps, an array that is no series, or files of several numbers of columns.
    """
    path = Path(settings.source).expanduser()
    streams = (
        _read_folder(path, settings)
        if path.is_dir()
        else Streams(path.name, {"train": [(read(path, settings), 0)]}, None, "series")
    )
    lengths = streams.lengths
    if settings.length is None and settings.stride is None and len(lengths) > 1 and len(set(lengths)) == 1:
        part, test, notes = whole_files(streams, lengths[0])
    else:
        length = settings.length or DEFAULT_LENGTH
        part, test, notes = cut_files(streams, length, settings.stride or length, settings)
    event = Event(tuple(part.x.shape[1:]), "series", class_names=streams.class_names)
    return assemble(streams.name, event, part, settings, test=test, notes=(*streams.notes, *notes))


def _read_folder(root: Path, settings: DataSettings) -> Streams:
    listing = list_files(root, SERIES)
    names = tuple(listing.class_names) if listing.class_names else None
    parts: dict[str, list[tuple[Array, int]]] = {}
    first: tuple[str, int] | None = None
    for part in listing.parts:
        parts[part.name] = []
        for name, label in part.files():
            stream = read(root / name, settings)
            first = first or (name, stream.shape[1])
            if stream.shape[1] != first[1]:
                raise DataError(
                    f"{root}: {first[0]} has {first[1]} columns and {name} has {stream.shape[1]}; make them alike."
                )
            parts[part.name].append((stream, label))
    return Streams(root.name or str(root), parts, names, SERIES.noun, tuple(listing.notes))


def read(path: Path, settings: DataSettings) -> Array:
    """One series (T, C) float32."""
    values = read_numbers(path) if path.suffix.lower() == ".csv" else read_npy(path)
    if values.ndim not in (1, 2) or values.dtype.kind not in "biuf":
        raise DataError(f"{path}: an array of shape {values.shape} {values.dtype}; a series is (T,) or (T, C) numbers.")
    if not values.size:
        raise DataError(f"{path}: holds no numbers (shape {values.shape}); remove it.")
    table = values[:, None] if values.ndim == 1 else values
    steps, columns = table.shape
    if settings.layout == "channels-first" or (settings.layout == "auto" and steps * STEPS_PER_COLUMN <= columns):
        table = table.T
    with np.errstate(over="ignore"):
        series = np.ascontiguousarray(table, dtype=np.float32)
    broken = np.argwhere(~np.isfinite(series))
    if len(broken):
        raise DataError(
            f"{path}: step {broken[0][0] + 1:,} of column {broken[0][1] + 1} (counted from 1) is {table[tuple(broken[0])]}; fill the gaps "
            "with finite numbers of float32, or leave those steps out."
        )
    return series
