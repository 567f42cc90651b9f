"""The meaning of an array's axes: which one holds channels, and whether examples are images, series or volumes.

The shape decides if only one reading makes sense. If a second one is possible but unlikely, a note names the choice. If two are
equally likely, the user has to choose (`data.kind`, `data.layout`), because training on a wrong axis gives no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.data.event import Kind
from saddlepoint.errors import DataError

Channels = Literal["none", "first", "last"]

USUAL_CHANNELS = (1, 3, 4)  # grey, RGB, RGBA
MOST_COLUMNS, STEPS_PER_COLUMN = 8, 3  # a narrow (T, C) has at most so many columns, and so many times as many steps
AXES = {"vector": range(1, 99), "series": (2, 3), "sound": (2, 3), "image": (3, 4), "volume": (4, 5), "video": (4, 5)}
LAYOUTS: dict[str, Channels] = {"channels-first": "first", "channels-last": "last"}
SAY = "To read it otherwise, set data.kind (image, series, sound, volume, video or vector) and data.layout (channels-first or channels-last)."


@dataclass(frozen=True)
class Reading:
    """How the axes of an array are read. note: what is worth saying about it, or an empty text."""

    kind: Kind
    channels: Channels
    note: str = ""

    def arranged(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """x (N, ...) as a batch of events: a view with the channels first, those of a series last."""
        if self.kind == "vector":
            return x.reshape(len(x), -1)
        if self.channels == "none":
            return x[..., None] if self.kind == "series" else x[:, None]
        wanted: Channels = "last" if self.kind == "series" else "first"
        if self.channels == wanted:
            return x
        return np.moveaxis(x, 1, -1) if wanted == "last" else np.moveaxis(x, -1, 1)


def read_axes(
    shape: tuple[int, ...], kind: str, layout: str, pixels: Literal["bytes", "range", ""], name: str
) -> Reading:
    """How an array of this shape (N, ...) is read.

    Args:
        shape: of the whole array.
        kind, layout: as in `DataSettings`; "auto" where the shape is to decide.
        pixels: "bytes" where the values are whole numbers from 0 on, "range" where they are floats in a usual range of
            pictures, empty for other values.
        name: of the data, for messages.

    Raises:
        DataError: the shape does not fit the kind, or has two equally likely readings.
    """
    chosen = LAYOUTS.get(layout)
    if kind == "auto":
        guessed = {1: "vector", 2: "vector", 3: "", 4: "image", 5: "volume"}.get(len(shape))
        if guessed is None:
            raise DataError(_unfit(shape, "auto", name))
        kind = guessed if guessed or chosen is None else "series"  # three axes with channels among them
    elif len(shape) not in AXES[kind]:
        raise DataError(_unfit(shape, kind, name))
    if kind == "vector":
        return Reading("vector", "none")
    if not kind:
        return _three_axes(shape, pixels, name)
    without = {"series": 2, "sound": 2, "image": 3, "volume": 4, "video": 4}[kind]
    if len(shape) == without:
        if chosen is not None and kind in ("image", "volume", "video"):
            raise DataError(
                f"{name}: data.layout is {layout}, but {kind}s of shape {shape} have no axis of channels; leave "
                "data.layout at auto."
            )
        return Reading(_kind(kind), "none")
    if chosen is not None:
        return Reading(_kind(kind), chosen)
    if kind in ("series", "sound"):
        return _along_time(shape, kind)
    return _planes(shape, kind, name)


def _three_axes(shape: tuple[int, ...], pixels: str, name: str) -> Reading:
    """(N, a, b): grey images, or series of a steps with b channels, or the other way round."""
    n, a, b = shape
    few, many = sorted((a, b))
    narrow = few <= MOST_COLUMNS and many >= STEPS_PER_COLUMN * few
    if narrow and pixels != "bytes":
        return _along_time(shape, "series")
    if pixels == "bytes" and not narrow:
        return Reading("image", "none")
    if pixels or a == b:
        note = f"Shape {shape} was read as {n:,} grey images of {a}x{b} pixels, not as series. {SAY}"
        return Reading("image", "none", note if a != b else "")
    raise DataError(
        f"{name}: shape {shape} can be grey images of {a}x{b} pixels or series of {a} steps with {b} channels, and the values "
        "do not tell: set data.kind to image or series (--data.kind series; in Python "
        'sp.from_array(x, kind="series")).'
    )


def _along_time(shape: tuple[int, ...], kind: str) -> Reading:
    """(N, T, C) or (N, C, T): fewer channels than steps; in doubt, a series has its channels last and a sound first."""
    n, a, b = shape
    first = a * STEPS_PER_COLUMN <= b or (kind == "sound" and b * STEPS_PER_COLUMN > a)
    steps, channels = (b, a) if first else (a, b)
    plural = "sounds" if kind == "sound" else "series"
    text = f"{channels:,} channel{'s' if channels != 1 else ''}"
    note = f"Shape {shape} was read as {n:,} {plural} of {steps:,} steps with {text}. {SAY}"
    usual = "first" if kind == "sound" else "last"
    found: Channels = "first" if first else "last"
    return Reading(_kind(kind), found, "" if kind == "sound" and found == usual else note)


def _planes(shape: tuple[int, ...], kind: str, name: str) -> Reading:
    """(N, C, ...) or (N, ..., C): images and volumes with channels."""
    found, certain = _first_or_last(shape[1:])
    first = f"{_sides(shape[2:])} with {shape[1]:,} channels (channels first)"
    last = f"{_sides(shape[1:-1])} with {shape[-1]:,} channels (channels last)"
    if found is None:
        volume = ", or to data.kind volume if they are volumes without channels" if len(shape) == 4 else ""
        raise DataError(
            f"{name}: shape {shape} can be {kind}s of {first} or of {last}, and nothing tells which: set data.layout "
            f"to channels-first or channels-last (--data.layout channels-last; in Python "
            f'sp.from_array(x, layout="channels-last")){volume}.'
        )
    note = (
        ""
        if certain
        else f"Shape {shape} was read as {shape[0]:,} {kind}s of {first if found == 'first' else last}. {SAY}"
    )
    return Reading(_kind(kind), found, note)


def _first_or_last(example: tuple[int, ...]) -> tuple[Channels | None, bool]:
    """The place of an example's channels, None if unknown, and whether the shape leaves no doubt."""
    counts = {"first": example[0], "last": example[-1]}
    sides = {"first": example[1:], "last": example[:-1]}
    usual = _only({place: count in USUAL_CHANNELS for place, count in counts.items()})
    square = _only({place: len(set(side)) == 1 for place, side in sides.items()})
    if usual and square:
        return (usual, True) if usual == square else (None, False)
    if usual:
        return usual, True
    if square:
        return square, False
    for plausible in (
        {place: 1 not in side for place, side in sides.items()},
        {place: 2 * counts[place] <= min(side) for place, side in sides.items()},
        {place: counts[place] <= max(side) for place, side in sides.items()},
    ):
        found = _only(plausible)
        if found:
            return found, False
    return None, False


def _only(holds: dict[str, bool]) -> Channels | None:
    """The one of two places for which something holds; None where it holds for both or for neither."""
    if holds["first"] == holds["last"]:
        return None
    return "first" if holds["first"] else "last"


def _unfit(shape: tuple[int, ...], kind: str, name: str) -> str:
    wanted = "guessed" if kind == "auto" else kind
    return (
        f"{name}: shape {shape} cannot be {wanted}: an image is (N, H, W), (N, C, H, W) or (N, H, W, C), a series (N, T) or "
        "(N, T, C), sound (N, T) or (N, C, T), a volume (N, D, H, W) or (N, C, D, H, W), a video (N, T, H, W), (N, C, T, H, W) or (N, T, H, W, C); reshape it or set --data.kind vector."
    )


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _kind(kind: str) -> Kind:
    """The same text, for the type checker."""
    kinds: dict[str, Kind] = {
        "vector": "vector",
        "series": "series",
        "image": "image",
        "sound": "sound",
        "volume": "volume",
        "video": "video",
    }
    return kinds[kind]
