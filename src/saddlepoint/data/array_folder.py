"""Folders of `.npy` files, one example each: volumes, or images, sounds and vectors, of one shape; subfolders are classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.data.arrays import from_array
from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.folder import Listing, Wanted, list_files
from saddlepoint.data.layout import MOST_COLUMNS, USUAL_CHANNELS
from saddlepoint.data.npy import read_npy
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, describe_parts, shuffled_order
from saddlepoint.errors import DataError

ARRAYS = Wanted("arrays", frozenset({".npy"}))

Array = npt.NDArray[Any]


def load(settings: DataSettings) -> Dataset:
    """(N, *event): a folder of arrays of one shape; time series, of any lengths, are cut into windows.

    Raises:
        DataError: no arrays, a damaged file, several shapes, or a shape of several likely readings.
    """
    from saddlepoint.data import sequences

    root = Path(settings.source).expanduser()
    listing = list_files(root, ARRAYS)
    first = read_npy(root / listing.parts[0].files()[0][0])
    kind = settings.kind if settings.kind != "auto" else kind_of(first.shape, root)
    if kind == "series":
        return sequences.load(settings)
    rows, counts = _stack(root, listing, first)
    names = np.array(listing.class_names or [])
    labels = np.array([label for part in listing.parts for _, label in part.files()])
    chosen = settings.model_copy(update={"kind": kind, "held_out": 0.0, "limit": None})
    whole = from_array(
        rows, names[labels] if listing.class_names else None, settings=chosen, name=root.name or str(root)
    )
    if len(counts) == 1:
        again = settings.model_copy(update={"kind": kind})
        split = from_array(rows, names[labels] if listing.class_names else None, settings=again, name=whole.name)
        return replace(split, notes=(*listing.notes, *split.notes))
    # from_array shuffles; the parts of the source are found again by the order that it used.
    place = torch.argsort(shuffled_order(len(rows), settings.split_seed))
    train, test = place[: counts[0]][: settings.limit], place[counts[0] :]
    part, rest = (Part(whole.x[at], None if whole.y is None else whole.y[at]) for at in (train, test))
    return describe_parts(whole.name, whole.event, part, rest, notes=(*listing.notes, *whole.notes))


def kind_of(shape: tuple[int, ...], root: Path) -> str:
    """What an array of this shape is, as one example of a folder.

    Raises:
        DataError: there are several likely answers.
    """
    if (len(shape) in (1, 2) and min(shape) <= MOST_COLUMNS) or len(shape) == 1:
        return "series"
    if len(shape) == 4:
        return "volume"
    if len(shape) == 3 and not {shape[0], shape[-1]} & set(USUAL_CHANNELS):
        return "volume"
    raise DataError(
        f"{root}: arrays of shape {shape} can be several things: set data.kind to image, series, sound, volume or vector "
        "(--data.kind volume)."
    )


def _stack(root: Path, listing: Listing, first: Array) -> tuple[Array, list[int]]:
    """All arrays as one (N, ...), and the number of each part."""
    count = sum(len(part.files()) for part in listing.parts)
    require_memory(3 * count * first.nbytes, f"{root}: {count:,} arrays", "give fewer of them")
    rows = np.empty((count, *first.shape), first.dtype)
    number, counts = 0, []
    for part in listing.parts:
        files = part.files()
        counts.append(len(files))
        for name, _ in files:
            array = read_npy(root / name)
            if array.shape != first.shape:
                raise DataError(
                    f"{root}: {name} has shape {array.shape}, and the first array has {first.shape}; all must have one shape."
                )
            if array.dtype.kind not in "biuf":
                raise DataError(
                    f"{root}: {name} holds {array.dtype}, which are not real numbers; convert it, or remove it."
                )
            if array.dtype != first.dtype:
                rows = rows.astype(np.promote_types(rows.dtype, array.dtype))
            rows[number] = array
            number += 1
    return rows, counts
