"""Arrays as data: numpy arrays and tensors in Python, `.npy` and `.npz` files.

What an example is follows from the array's shape unless `kind` says it: (N,) and (N, D) are vectors, (N, H, W) are grey
images, (N, C, H, W) and (N, H, W, C) images, five axes volumes. Files are never unpickled, for a pickle can run code.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset, Event, Kind
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assembled
from saddlepoint.errors import DataError

CHANNEL_COUNTS = (1, 3, 4)
MOST_LABELS = 10_000  # whole numbers above this are taken as names of classes rather than as their positions
LABEL_KEYS = ("y", "labels", "label")
DEFAULTS = DataSettings()

Array = npt.NDArray[Any]


def load(settings: DataSettings) -> Dataset:
    """A `.npy` file of examples, or a `.npz` file with examples `x` and, if it has them, labels `y` or `labels`."""
    path = Path(settings.source).expanduser()
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return from_array(found, settings=settings, name=path.name)
            key = _key(list(found.files), path, settings)
            label_key = next((k for k in LABEL_KEYS if k in found.files and k != key), None)
            y = None if label_key is None else found[label_key]
            return from_array(found[key], y, settings=settings, name=path.name)
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise DataError(
                f"{path}: holds Python objects (dtype object), which are never loaded because they could run code; "
                "save numbers instead: numpy.save(path, numpy.stack(list_of_arrays))."
            ) from error
        raise DataError(f"{path}: cannot be read as an array ({error}); write it anew with numpy.save.") from error
    except (EOFError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as an array ({error}); write it anew with numpy.save.") from error


def from_array(
    x: Array | Tensor, y: Array | Tensor | None = None, settings: DataSettings = DEFAULTS, name: str = "array"
) -> Dataset:
    """A dataset from examples x (N, ...) and labels y (N,).

    Whole numbers within 0..255 in the shape of an image or volume are kept as uint8, everything else as float32. The
    range of float images is taken as [0, 1], [-1, 1] or [0, 255], the first that holds them and, for the last, that
    they reach into above 127; else the range they have. `settings.kind` overrides what the shape suggests.

    Raises DataError for objects, text, complex numbers, NaN, infinity, examples without numbers, and labels that do
    not match the examples.
    """
    values = _checked(np.asarray(x.detach().cpu() if isinstance(x, Tensor) else x), name)
    values, kind, notes = _arranged(values, settings.kind, name)
    with np.errstate(over="ignore"):  # what becomes too large is named below
        tensor, low, high = _typed(values, kind)
    check_range(values, tensor, name)
    event = Event(shape=tuple(tensor.shape[1:]), kind=kind, dtype=_dtype_name(tensor), low=low, high=high)
    labels = None
    if y is not None:
        labels, class_names = _labels(np.asarray(y.detach().cpu() if isinstance(y, Tensor) else y), len(values), name)
        event = replace(event, class_names=class_names)
    return assembled(name, event, Part(tensor, labels), settings, notes=notes)


def float_range(x: Tensor) -> tuple[float, float]:
    """The range that images x of any numbers are taken to have (see `from_array`)."""
    low, high = x.min().item(), x.max().item()
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= -1 and high <= 1:
        return -1.0, 1.0
    if low >= 0 and 127 < high <= 255:
        return 0.0, 255.0
    return float(low), float(high)


def check_range(given: Array, kept: Tensor, name: str) -> None:
    """Raises DataError where a finite number became infinite as the float32 that is kept."""
    if kept.is_floating_point() and not kept.isfinite().all():
        where = tuple(int(i) for i in np.argwhere(~kept.isfinite().numpy())[0])
        raise DataError(
            f"{name}: {given[where]:g} at index {where} is beyond what float32 holds (3.4e38 either way); divide the data "
            "by a constant."
        )


def _checked(x: Array, name: str) -> Array:
    """x itself, or a DataError: it has to be numbers, finite, and not empty."""
    if x.dtype == object:
        raise DataError(
            f"{name}: an array of Python objects (dtype object), often rows of unequal length; give numbers of one "
            "shape, for example numpy.stack(list_of_arrays)."
        )
    if x.dtype.kind not in "biuf":
        raise DataError(f"{name}: an array of dtype {x.dtype}; give whole or floating-point numbers.")
    if x.ndim == 0:
        raise DataError(f"{name}: a single number; give an array of examples (N, ...).")
    if len(x) == 0:
        raise DataError(f"{name} holds no examples (shape {x.shape}); give data with at least one.")
    if x.size == 0:
        raise DataError(f"{name}: its examples have size zero (shape {x.shape}); give examples with numbers in them.")
    if x.dtype.kind == "f":
        for what, bad in (("NaN", np.isnan(x)), ("infinity", np.isinf(x))):
            if bad.any():
                where = tuple(int(i) for i in np.argwhere(bad)[0])
                rows = int(bad.reshape(len(x), -1).any(1).sum())
                raise DataError(
                    f"{name}: {what} in {rows:,} of {len(x):,} examples, first at index {where}; remove those "
                    "examples or fill the gaps."
                )
    return x


def _arranged(x: Array, wanted: str, name: str) -> tuple[Array, Kind, tuple[str, ...]]:
    """x with its channel axis in place, what its examples are, and what had to be guessed."""
    guessed = {1: "vector", 2: "vector", 3: "image", 4: "image", 5: "volume"}.get(x.ndim)
    kind = guessed if wanted == "auto" else wanted
    axes = {"vector": range(1, 99), "sound": (2, 3), "image": (3, 4), "volume": (4, 5)}
    if kind is None or x.ndim not in axes[kind]:
        raise DataError(
            f"{name}: shape {x.shape} cannot be {wanted if wanted != 'auto' else 'guessed'}: an image is (N, H, W), "
            "(N, C, H, W) or (N, H, W, C), sound (N, T) or (N, C, T), a volume (N, D, H, W) or (N, C, D, H, W); "
            "reshape it or set --data.kind vector."
        )
    if kind == "vector":
        return x.reshape(len(x), -1), "vector", ()
    if x.ndim == {"sound": 2, "image": 3, "volume": 4}[kind]:
        return x[:, None], _kind(kind), ()
    if kind == "sound":
        return x, "sound", ()
    first, last = x.shape[1] in CHANNEL_COUNTS, x.shape[-1] in CHANNEL_COUNTS
    if last and not first:
        return np.moveaxis(x, -1, 1), _kind(kind), ()
    if first and last:
        return x, _kind(kind), (f"Shape {x.shape} may be channels first or last; it was read as channels first.",)
    return x, _kind(kind), ()


def _typed(x: Array, kind: Kind) -> tuple[Tensor, float | None, float | None]:
    """The tensor to keep, uint8 or float32, and its range where it is known."""
    if kind not in ("image", "volume"):
        return torch.from_numpy(np.array(x, dtype=np.float32, order="C")), None, None
    if x.dtype.kind in "biu" and x.min() >= 0 and x.max() <= 255:
        tensor = torch.from_numpy(np.array(x, dtype=np.uint8, order="C"))
        if x.dtype == np.uint8 and x.max() > 1:
            return tensor, 0.0, 255.0
        return tensor, *float_range(tensor)
    tensor = torch.from_numpy(np.array(x, dtype=np.float32, order="C"))
    return tensor, *float_range(tensor)


def _labels(y: Array, count: int, name: str) -> tuple[Tensor, tuple[str, ...]]:
    """Labels 0, 1, ... and the names of the classes; whole numbers from 0 stay what they are."""
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
    if y.dtype.kind in "iu" and y.min() >= 0 and y.max() < MOST_LABELS:
        return torch.from_numpy(y.astype(np.int64)), tuple(map(str, range(int(y.max()) + 1)))
    names, positions = np.unique(y, return_inverse=True)
    texts = (n.decode() if isinstance(n, bytes) else str(n) for n in names.tolist())
    return torch.from_numpy(positions.reshape(-1).astype(np.int64)), tuple(texts)


def _key(keys: list[str], path: Path, settings: DataSettings) -> str:
    """Which array of a .npz file holds the examples."""
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


def _dtype_name(x: Tensor) -> Literal["uint8", "float32"]:
    return "uint8" if x.dtype == torch.uint8 else "float32"


def _kind(name: str) -> Kind:
    kinds: dict[str, Kind] = {"vector": "vector", "image": "image", "sound": "sound", "volume": "volume"}
    return kinds[name]
