"""Arrays as data: numpy arrays and tensors in Python, `.npy` and `.npz` files.

The array's shape and values decide what an example is, unless `kind` and `layout` are given (see `data.layout`). Arrays are
read in parts and `.npy` files are mapped into memory, so that little memory is needed beside the dataset itself. Files are
never unpickled, because a pickle can run code.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data.array_checks import check_form, check_precision, value_ends
from saddlepoint.data.array_event import event_of, pixel_values
from saddlepoint.data.array_rows import Array, Rows
from saddlepoint.data.classes import number_classes
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.layout import Reading, read_axes
from saddlepoint.data.npy import MAGIC, Archive, read_npy
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, check_counts, describe_parts, split_positions
from saddlepoint.data.trajectories import is_trajectories
from saddlepoint.data.trajectory_files import load as load_trajectories
from saddlepoint.errors import DataError, SettingError

LABEL_KEYS = ("y", "labels", "label")
DEFAULTS = DataSettings()
MAPPED = 1 << 24  # bytes from which on a file is mapped into memory rather than read


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
    if settings.key is None and is_trajectories(archive.keys):
        return load_trajectories(settings)
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
        kind, layout: in place of those of the settings: "image", "series", "sound", "volume", "video" or "vector", and
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
    "kind": ("auto", "vector", "series", "image", "sound", "volume", "video"),
    "layout": ("auto", "channels-first", "channels-last"),
}


def _dataset(rows: Rows, y: Any, settings: DataSettings, name: str) -> Dataset:
    """The dataset of these rows and labels y (N,), or None."""
    check_form(rows, name)
    low, high = value_ends(rows, name)
    reading = read_axes(rows.shape, settings.kind, settings.layout, pixel_values(rows.dtype, low, high), name)
    event, notes = event_of(rows, reading, low, high)
    check_precision(rows, reading, event, name)
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
            raise DataError(
                f"{name}: labels are whole numbers or names; got fractions, NaN or infinity (`saddlepoint label` fills in missing ones)."
            )
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
