"""Arrays as data: numpy arrays and tensors in Python, `.npy` and `.npz` files.

The array's shape and values decide what an example is, unless `kind` and `layout` are given (see `data.layout`). Arrays are
read in parts and `.npy` files are mapped into memory, so that little memory is needed beside the dataset itself. Files are
never unpickled, because a pickle can run code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.classes import number_classes
from saddlepoint.data.dataset import Dataset, Event
from saddlepoint.data.layout import Reading, read_axes
from saddlepoint.data.npy import MAGIC, Archive, read_npy
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, check_counts, describe_parts, split_positions
from saddlepoint.errors import DataError, SettingError

LABEL_KEYS = ("y", "labels", "label")
DEFAULTS = DataSettings()
CHUNK = 1 << 22  # numbers that are read together
MAPPED = 1 << 24  # bytes from which on a file is mapped into memory rather than read
LARGEST = float(np.finfo(np.float32).max)
LOST = 0.1  # share of a standard deviation that rounding to float32 may cost
UNITS = 0.25  # a channel that takes less of the joint range of all channels has units of its own

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Examples (N, ...) that are read in parts.

    Attributes:
        read: (start, stop) -> those examples, (stop - start, ...).
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[int, int], Array]

    @classmethod
    def of(cls, x: Array) -> Rows:
        """The rows of an array in memory."""
        return cls(x.shape, x.dtype, lambda start, stop: x[start:stop])

    @classmethod
    def mapped(cls, path: Path) -> Rows:
        """The rows of a `.npy` file. Each part is mapped by itself, so that what was read does not stay in memory."""

        def read(start: int, stop: int) -> Array:
            return np.array(np.load(path, mmap_mode="r", allow_pickle=False)[start:stop])

        whole = np.load(path, mmap_mode="r", allow_pickle=False)
        return cls(whole.shape, whole.dtype, read)

    def parts(self) -> Iterator[tuple[int, Array]]:
        """(position of the first, examples) of all parts, one after another."""
        size = max(1, CHUNK // max(1, int(np.prod(self.shape[1:], dtype=np.int64))))
        for start in range(0, self.shape[0], size):
            yield start, self.read(start, min(start + size, self.shape[0]))


def load(settings: DataSettings) -> Dataset:
    """A `.npy` file of examples, or a `.npz` file with examples `x` and, if it has them, labels `y` or `labels`."""
    path = Path(settings.source).expanduser()
    try:
        with path.open("rb") as file:
            magic, length = file.read(len(MAGIC)), path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    if magic == MAGIC:
        if length >= MAPPED:
            return _dataset(_mapped(path), None, settings, path.name)
        return from_array(read_npy(path), settings=settings, name=path.name)
    archive = Archive(path)
    key = _key(archive.keys, path, settings)
    label_key = next((k for k in LABEL_KEYS if k in archive.keys and k != key), None)
    y = None if label_key is None else archive.read(label_key)
    return from_array(archive.read(key), y, settings=settings, name=path.name)


def _mapped(path: Path) -> Rows:
    """The rows of a large `.npy` file. Raises DataError where it is damaged or holds objects."""
    try:
        return Rows.mapped(path)
    except (ValueError, EOFError, OSError, TypeError, SyntaxError, OverflowError) as error:
        raise DataError(f"{path}: cannot be read as an array ({error}); write it again with numpy.save.") from error


def from_array(
    x: Any,
    y: Any = None,
    settings: DataSettings = DEFAULTS,
    name: str = "array",
    *,
    kind: str | None = None,
    layout: str | None = None,
) -> Dataset:
    """A dataset from examples and, where there are any, labels.

    Whole numbers within 0..255 in the shape of an image or volume are kept as uint8, everything else as float32. The
    range of float images is taken as [0, 1], [-1, 1] or [0, 255], the first that holds them and, for the last, that
    they reach into above 127; else the range they have. Channels of images beyond those ranges that differ in their
    units are scaled each by itself, as the columns of tables and the channels of series always are.

    Args:
        x: (N, ...), an array, tensor or nested list of numbers; or a pair of examples and labels.
        y: (N,), whole numbers or names.
        settings: how to split the data, and what they are.
        name: of the data, for messages.
        kind, layout: in place of those of the settings: "image", "series", "sound", "volume" or "vector", and
            "channels-first" or "channels-last", where the shape does not tell.

    Raises:
        DataError: objects, text, complex numbers, NaN, infinity, examples without numbers, a shape of several likely
            readings, or labels that do not match the examples.
        SettingError: settings that do not exist.
    """
    if isinstance(x, tuple) and len(x) == 2 and y is None:
        x, y = x
    if isinstance(x, tuple) and len(x) != 2 and any(getattr(part, "ndim", 0) for part in x):
        raise DataError(f"{name}: a tuple of {len(x)} arrays; give examples, or a pair (examples, labels).")
    choices = {key: value for key, value in (("kind", kind), ("layout", layout)) if value is not None}
    return _dataset(Rows.of(numbers(x, name)), y, _apply_choices(settings, choices), name)


def numbers(x: Any, name: str) -> Array:
    """x as an array of numbers or names; raises DataError if it is neither."""
    if isinstance(x, Tensor):
        if x.layout != torch.strided or x.is_meta:
            kind = "without values (on the device meta)" if x.is_meta else f"of layout {x.layout}"
            raise DataError(f"{name}: a tensor {kind}; give a dense one that holds numbers (x.to_dense()).")
        x = x.detach().cpu()
        x = (x.float() if x.dtype == torch.bfloat16 else x).resolve_conj().resolve_neg()
    if isinstance(x, torch.utils.data.Dataset | torch.utils.data.DataLoader):
        raise DataError(
            f"{name}: a {type(x).__name__} of torch.utils.data; give all its examples as one tensor (N, ...), and labels "
            "(N,), as a pair."
        )
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise DataError(
            f"{name}: {int(np.ma.getmaskarray(x).sum()):,} values are masked; fill them or remove those examples."
        )
    try:
        array = np.asarray(x)
    except (ValueError, TypeError, RuntimeError):  # rows of unequal length, among others
        raise DataError(
            f"{name}: a {type(x).__name__} that is not an array of numbers, such as rows of unequal length; give an array "
            "or tensor (N, ...), for example numpy.stack(list_of_arrays)."
        ) from None
    if array.dtype.kind == "O" and array.ndim == 1 and len(array) and all(isinstance(v, str) for v in array):
        return array.astype(str)  # a column of text of a data frame
    return array


def _apply_choices(settings: Any, choices: dict[str, str]) -> DataSettings:
    if not isinstance(settings, DataSettings):
        raise SettingError(
            f"from_array: settings is a {type(settings).__name__}; give DataSettings(...), such as "
            "DataSettings(held_out=0.2)."
        )
    for key, value in choices.items():
        allowed = [choice for choice in _CHOICES[key] if choice == value]
        if not allowed:
            raise SettingError(f"from_array: {key} is {value!r}; it must be one of {', '.join(_CHOICES[key])}.")
    return settings.model_copy(update=choices)


_CHOICES = {
    "kind": ("auto", "vector", "series", "image", "sound", "volume"),
    "layout": ("auto", "channels-first", "channels-last"),
}


def _dataset(rows: Rows, y: Any, settings: DataSettings, name: str) -> Dataset:
    """The dataset of these rows and labels y (N,), or None."""
    _check_form(rows, name)
    low, high = _ends(rows, name)
    reading = read_axes(rows.shape, settings.kind, settings.layout, _pixels(rows.dtype, low, high), name)
    event, notes = _event(rows, reading, low, high)
    _check_precision(rows, reading, event, name)
    labels = None
    if y is not None:
        labels, class_names, said = number_classes(_labels(numbers(y, name), rows.shape[0], name))
        event, notes = replace(event, class_names=class_names), (*notes, *said)
    check_counts(name, event, rows.shape[0], labels)
    indices = split_positions(rows.shape[0], settings)
    part, rest = (
        Part(x, None if labels is None else labels[index])
        for x, index in zip(_gather(rows, reading, event, indices), indices, strict=True)
    )
    return describe_parts(name, event, part, rest if len(rest.x) else None, notes=notes)


def _check_form(rows: Rows, name: str) -> None:
    """Check that `rows` is an array of numbers.

    Raises:
        DataError: it is empty, or no array of numbers.
    """
    shape, dtype = rows.shape, rows.dtype
    if dtype.kind == "O":
        raise DataError(
            f"{name}: an array of Python objects (dtype object), often rows of unequal length; give numbers of one "
            "shape, for example numpy.stack(list_of_arrays)."
        )
    if dtype.kind not in "biuf":
        raise DataError(f"{name}: an array of dtype {dtype}; give whole or floating-point numbers.")
    if not shape:
        raise DataError(f"{name}: a single number; give an array of examples (N, ...).")
    if shape[0] == 0:
        raise DataError(f"{name} holds no examples (shape {shape}); give data with at least one.")
    if 0 in shape:
        raise DataError(f"{name}: its examples have size zero (shape {shape}); give examples with numbers in them.")


def _ends(rows: Rows, name: str) -> tuple[float, float]:
    """The smallest and the largest number; raises DataError for NaN, infinity, and values beyond float32."""
    lows, highs = zip(*((part.min(), part.max()) for _, part in rows.parts()), strict=True)
    # NaN propagates through both; a second pass finds what is not finite, or not in float32.
    low, high = float(np.min(lows)), float(np.max(highs))
    if np.isnan(low) or np.isinf(low) or np.isinf(high):
        for what, broken in (("NaN", np.isnan), ("infinity", np.isinf)):
            count, where = _count_broken(rows, broken)
            if where is not None:
                raise DataError(
                    f"{name}: {what} in {count:,} of {rows.shape[0]:,} examples, first at index {where[0]}; remove those "
                    "examples or fill the gaps."
                )
    if max(abs(low), abs(high)) > LARGEST:
        _, where = _count_broken(rows, lambda part: np.abs(part) > LARGEST)
        if where is not None:
            raise DataError(_beyond(name, where[1], where[0]))
    return low, high


def _count_broken(rows: Rows, broken: Callable[[Array], Any]) -> tuple[int, tuple[tuple[int, ...], Any] | None]:
    """How many examples hold a broken number; index and value of the first."""
    count, first = 0, None
    for start, part in rows.parts():
        bad = np.asarray(broken(part))
        if bad.any():
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            first = first or ((start + index[0], *index[1:]), part[index])
            count += int(bad.reshape(len(part), -1).any(1).sum())
    return count, first


def _beyond(name: str, value: Any, where: tuple[int, ...]) -> str:
    return (
        f"{name}: {value:g} at index {where} is beyond what float32 holds (3.4e38 either way); divide the data "
        "by a constant."
    )


def _pixels(dtype: np.dtype[Any], low: float, high: float) -> Literal["bytes", "range", ""]:
    """Whether the values are like those of pictures (see `read_axes`)."""
    if dtype.kind in "bu" or (dtype.kind == "i" and low >= 0):
        return "bytes"
    return "range" if _range(low, high) in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)) else ""


def _event(rows: Rows, reading: Reading, low: float, high: float) -> tuple[Event, tuple[str, ...]]:
    """The event of one example, without statistics, and notes about it."""
    shape = reading.arranged(np.broadcast_to(np.zeros(1), (1, *rows.shape[1:]))).shape[1:]
    notes = (reading.note,) if reading.note else ()
    if reading.kind not in ("image", "volume"):
        return Event(shape, reading.kind), notes
    low, high = float(np.float32(low)), float(np.float32(high))
    if rows.dtype.kind in "biu" and low >= 0 and high <= 255:
        known = (0.0, 255.0) if rows.dtype == np.uint8 and high > 1 else _range(low, high)
        return Event(shape, reading.kind, "uint8", *known), notes
    known = _range(low, high)
    if shape[0] > 1 and known == (low, high) and (apart := _apart(rows, reading, low, high)):
        return Event(shape, reading.kind), (*notes, apart)
    return Event(shape, reading.kind, "float32", *known), notes


def _apart(rows: Rows, reading: Reading, low: float, high: float) -> str:
    """A note about channels with different units; empty if one range suits all."""
    axes = (0, *range(2, len(rows.shape)))
    ends = [(p.min(axes), p.max(axes)) for p in (reading.arranged(part) for _, part in rows.parts())]
    lows, highs = np.min([e[0] for e in ends], 0).astype(float), np.max([e[1] for e in ends], 0).astype(float)
    widths = highs - lows
    vary = widths > 0
    if not vary.any() or widths[vary].min() >= UNITS * (high - low):
        return ""
    narrow, wide = int(np.where(vary, widths, np.inf).argmin()), int(widths.argmax())
    return (
        f"Channels differ in their units (channel {narrow + 1} lies in [{lows[narrow]:.4g}, {highs[narrow]:.4g}], channel {wide + 1} "
        f"in [{lows[wide]:.4g}, {highs[wide]:.4g}], counted from 1), so each is scaled by its own mean and deviation."
    )


def _check_precision(rows: Rows, reading: Reading, event: Event, name: str) -> None:
    """Raise DataError for a column or channel whose differences are lost when its numbers are rounded to float32."""
    if rows.dtype.itemsize < 8 or event.dtype == "uint8":
        return
    sums: list[Array] = []
    origin: Array | float = 0.0
    for start, part in rows.parts():
        columns = np.moveaxis(reading.arranged(part), event.channel_axis + 1, -1).reshape(
            -1, event.shape[event.channel_axis]
        )
        columns = columns.astype(np.float64)
        origin = origin if start else columns[0].copy()
        moved, lost = columns - origin, columns - columns.astype(np.float32)
        sums.append(
            np.stack(
                [np.square(lost).sum(0), moved.sum(0), np.square(moved).sum(0), np.full(len(moved[0]), len(moved))]
            )
        )
    error, first, second, count = np.sum(sums, 0)
    variance = second / count - np.square(first / count)
    wrong = np.flatnonzero((variance > 0) & (error / count > np.square(LOST) * variance))
    if len(wrong):
        n = int(wrong[0])
        where = f"column or channel {n + 1}" if len(variance) > 1 else "the data"
        raise DataError(
            f"{name}: the numbers of {where} lie around {np.ravel(origin)[n]:.3g} and differ by only {np.sqrt(variance[n]):.2g}, which "
            "float32 cannot resolve; subtract a constant from them."
        )


def _gather(rows: Rows, reading: Reading, event: Event, indices: tuple[Tensor, ...]) -> list[Tensor]:
    """The examples at each of `indices`, brought to the event's shape and type, in one pass over the rows."""
    made = [torch.empty((len(index), *event.shape), dtype=event.torch_dtype) for index in indices]
    homes = []
    for index in indices:
        home = np.full(rows.shape[0], -1, dtype=np.int64)
        home[index.numpy()] = np.arange(len(index))
        homes.append(home)
    for start, part in rows.parts():
        arranged = reading.arranged(part)
        for x, home in zip(made, homes, strict=True):
            places = home[start : start + len(part)]
            wanted = places >= 0
            x.numpy()[places[wanted]] = arranged if wanted.all() else arranged[wanted]
    return made


def float_range(x: Tensor) -> tuple[float, float]:
    """The range that images x of any numbers are taken to have (see `from_array`)."""
    return _range(float(x.min()), float(x.max()))


def _range(low: float, high: float) -> tuple[float, float]:
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= -1 and high <= 1:
        return -1.0, 1.0
    if low >= 0 and 127 < high <= 255:
        return 0.0, 255.0
    return low, high


def check_range(given: Array, kept: Tensor, name: str) -> None:
    """Raise DataError if a finite number became infinite in float32."""
    if kept.is_floating_point() and not kept.isfinite().all():
        where = tuple(int(i) for i in np.argwhere(~kept.isfinite().numpy())[0])
        raise DataError(_beyond(name, given[where], where))


def _labels(y: Array, count: int, name: str) -> Array:
    """Labels (N,), whole numbers, truth values or texts; raises DataError if they are something else, or not `count`."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or y.dtype.kind not in "biufUS":
        raise DataError(f"{name}: labels are one whole number or name an example, shape (N,); got {y.shape} {y.dtype}.")
    if len(y) != count:
        raise DataError(f"{name}: {len(y):,} labels for {count:,} examples; the labels do not match the examples.")
    if y.dtype.kind == "f":
        if not (np.isfinite(y).all() and (y == np.round(y)).all()):
            raise DataError(f"{name}: labels are whole numbers or names; got fractions, NaN or infinity.")
        y = y.astype(np.int64)
    return y


def _key(keys: list[str], path: Path, settings: DataSettings) -> str:
    """The name of the array of examples in a .npz file."""
    if settings.key is not None:
        if settings.key in keys:
            return settings.key
        raise DataError(f"{path}: has no array {settings.key!r}; it has {', '.join(keys)}. Set --data.key to one.")
    examples = [key for key in keys if key not in LABEL_KEYS]
    if "x" in keys or len(examples) == 1:
        return "x" if "x" in keys else examples[0]
    raise DataError(
        f"{path}: which array holds the examples? It has {', '.join(keys) or 'none'}; name one with --data.key."
    )
