"""Examples that are given as Python objects: a run stores them as data.npz, so that it can be resumed and repeated.

Arrays are stored unchanged, and loaded like any array file. A `Dataset` is already split and has a description, which is also
stored and restored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint import data as data_package
from saddlepoint.data.arrays import numbers
from saddlepoint.data.classes import remove_empty_classes, rename_classes
from saddlepoint.data.dataset import Dataset, Truth
from saddlepoint.data.event import Event
from saddlepoint.data.layout import LAYOUTS
from saddlepoint.data.mixtures import EqualGaussians
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.shapes import Checkerboard
from saddlepoint.data.split import Part, content_digest, digest_of_parts
from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.records import parse_json, read_arrays, replaced

DATA_FILE = "data.npz"

Arrays = dict[str, npt.NDArray[Any]]


def arrays_of(data: Any) -> Arrays:
    """Return examples as the arrays that a run stores.

    Args:
        data: examples (N, ...), a pair of examples and labels (N,), or a Dataset.

    Raises:
        SettingError: it is none of these.
        DataError: the examples are invalid.
    """
    if isinstance(data, Dataset):
        return _parts(remove_empty_classes(data))
    pair = data if isinstance(data, tuple) else (data,)
    if len(pair) not in (1, 2) or pair[0] is None:
        raise SettingError(
            f"data is a tuple of {len(pair)}, or has no examples; give examples, or a pair (examples, labels)."
        )
    return {name: _array(name, values) for name, values in zip(("x", "y"), pair, strict=False) if values is not None}


def write(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to `path`, completely or not at all."""
    with replaced(path, "wb") as file:
        np.savez(file, **dict(arrays))  # type: ignore[arg-type]


def load(settings: DataSettings) -> Dataset:
    """Return the data of a run: the Dataset that is stored in it, exactly as it was given, or the data that the settings name."""
    path = Path(settings.source)
    if path.name == DATA_FILE and path.is_file():
        try:
            # We write such files uncompressed: a file that unpacks to much more is not ours.
            arrays = read_arrays(path, most=4 * path.stat().st_size + 2**20)
        except (RunError, OSError):
            pass  # damaged: the loader of array files, below, reports how
        else:
            if "dataset" in arrays:
                return _checked(arrays, path)
            if settings.key is None and "x" in arrays and arrays.keys() <= {"x", "y"}:
                # Messages should not name a file that the user does not know.
                return data_package.from_array(arrays["x"], arrays.get("y"), settings=settings, name="data")
    return data_package.load(settings)


def load_as(settings: DataSettings, event: Event) -> Dataset:
    """Return the data of a run, with the axes and units that they had when the run began.

    How arrays are read and scaled may change between versions; a run keeps its initial interpretation.

    Args:
        settings: of the data.
        event: what one example was when the run began.
    """
    choices: list[tuple[str, str]] = [(settings.kind, settings.layout)]
    if choices == [("auto", "auto")]:
        choices += [(event.kind, layout) for layout in ("auto", *LAYOUTS)]
    results: list[Dataset | DataError] = []
    for kind, layout in choices:
        try:
            dataset = load(settings.model_copy(update={"kind": kind, "layout": layout}))
        except DataError as error:
            results.append(error)
            continue
        if (dataset.event.shape, dataset.event.dtype) == (event.shape, event.dtype):
            names, own = event.class_names or (), dataset.event.class_names or ()
            if own != names and own and set(own) <= set(names):
                # An earlier version also counted the numbers between the labels as classes.
                dataset = rename_classes(dataset, names)
            held_out = dataset.held_out and replace(dataset.held_out, event=event)
            return replace(dataset, event=event, held_out=held_out)
        results.append(dataset)
    if isinstance(results[0], DataError):
        raise results[0]
    return results[0]  # other data than the run began with, which the caller detects


def _parts(dataset: Dataset) -> Arrays:
    notes = list(dataset.notes)
    density, density_arrays = _truth_to_arrays(dataset.truth)
    if dataset.truth is not None and density is None:
        notes.append("A run's folder cannot keep the exact density of these data, so pictures are drawn without it.")
    description = {"name": dataset.name, "event": dataset.event.to_json(), "notes": notes, "density": density}
    if dataset.table is not None:
        description["table"] = dataset.table.to_json()
    arrays: Arrays = {"dataset": np.array(json.dumps(description)), "x": dataset.x.numpy(), **density_arrays}
    if dataset.y is not None:
        arrays["y"] = dataset.y.numpy()
    if dataset.held_out is not None:
        arrays["held_out_x"] = dataset.held_out.x.numpy()
        if dataset.held_out.y is not None:
            arrays["held_out_y"] = dataset.held_out.y.numpy()
    return arrays


def _checked(arrays: Arrays, path: Path) -> Dataset:
    """Return the Dataset from the result of `_parts`.

    Raises:
        DataError: the file contains something else.
    """
    try:
        dataset = _whole(arrays, str(path))
        for part in (dataset, dataset.held_out):
            if part is not None and (part.x.shape[1:] != part.event.shape or part.x.dtype != part.event.torch_dtype):
                raise ValueError(f"examples are {part.x.dtype} of shape {tuple(part.x.shape[1:])}")
            if part is not None and part.y is not None and part.y.shape != part.x.shape[:1]:
                raise ValueError(f"labels have shape {tuple(part.y.shape)}")
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise DataError(f"{path} holds no dataset of a run ({error!r}): restore the file.") from None
    return dataset


def _whole(arrays: Arrays, where: str) -> Dataset:
    description = parse_json(str(arrays["dataset"]), where)
    event = Event.from_json(description["event"])
    tensors = {name: torch.from_numpy(values) for name, values in arrays.items() if name != "dataset"}
    part = Part(tensors["x"], tensors.get("y"))
    held_out = None
    if "held_out_x" in tensors:
        other = Part(tensors["held_out_x"], tensors.get("held_out_y"))
        held_out = Dataset(
            f"{description['name']} (held out)", other.x, event, other.y, fingerprint=content_digest(other)
        )
    truth = _truth(description.get("density"), tensors)
    digest, notes = digest_of_parts(part, held_out), tuple(description["notes"])
    table = TableCodec.from_json(description["table"]) if "table" in description else None
    return Dataset(description["name"], part.x, event, part.y, held_out, truth, digest, notes, table)


def _truth_to_arrays(truth: Truth | None) -> tuple[dict[str, Any] | None, Arrays]:
    """Return a built-in exact density as JSON and arrays; None for a user's density, which could not be restored."""
    if isinstance(truth, EqualGaussians):
        description = {"kind": "mixture", "std": truth.std, "has_modes": truth.has_modes}
        return description, {"centres": truth.centres.numpy(), "groups": truth.groups.numpy()}
    return ({"kind": "checkerboard"} if isinstance(truth, Checkerboard) else None), {}


def _truth(description: Mapping[str, Any] | None, tensors: Mapping[str, torch.Tensor]) -> Truth | None:
    """Restore the density from the result of `_truth_to_arrays`."""
    if description is None:
        return None
    if description["kind"] == "checkerboard":
        return Checkerboard()
    return EqualGaussians(tensors["centres"], description["std"], tensors["groups"], description["has_modes"])


def _array(name: str, values: Any) -> npt.NDArray[Any]:
    array = numbers(values, "data")
    # Labels may be names of classes; anything that needs pickle is refused.
    if array.dtype.kind not in ("biuf" if name == "x" else "biufU") or array.ndim == 0:
        what = "examples" if name == "x" else "labels"
        raise DataError(
            f"data: {what} of type {type(values).__name__} are not an array of numbers; give an array or tensor "
            f"{'(N, ...)' if name == 'x' else '(N,)'}, or the name or path of a source."
        )
    return array
