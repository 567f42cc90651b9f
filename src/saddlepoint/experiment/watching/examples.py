"""The examples that the user's loop trains on, as a dataset to measure samples against.

All examples count as training examples, since the loop may train on all of them: a part that was split off here would not be held
out. Truly held-out examples have an argument of their own.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from saddlepoint import data as data_package
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError
from saddlepoint.models.watched.undisturbed import attributes_of, generators_among, undisturbed

MOST_BYTES = 1 << 28  # of examples that are kept; evenly spread ones of larger data
READ = 5_000  # examples that are read from a torch.utils.data.Dataset, one by one
WHOLE = DataSettings(held_out=0.0)
NOT_GIVEN = "data were not given"
INSTEAD = "give a tensor (N, ...) of some of its examples"


def dataset_of(data: Any, held_out: Any = None) -> Dataset | None:
    """Return the examples as a dataset.

    Args:
        data: a `Dataset`; an array or tensor (N, ...); a pair of examples and labels; a torch Dataset or DataLoader, of which evenly
            spread examples are read; the name or path of a source; or None.
        held_out: examples of the same form that the loop does not train on; None without any.

    Returns:
        The dataset; None without data.

    Raises:
        DataError: they are no examples, or too few.
    """
    if data is None:
        if held_out is not None:
            raise DataError("watch: held_out was given without data; give data as well.")
        return None
    if isinstance(data, Dataset):
        dataset = data
    elif isinstance(data, str):
        dataset = data_package.load(DataSettings(source=data))
    else:
        dataset = replace(data_package.from_array(_arrays(data), settings=WHOLE, name="data"), held_out=None)
    if len(dataset) < 2:
        raise DataError(f"watch: data has {len(dataset)} example; give two or more.")
    if held_out is not None:
        other = dataset_of(held_out)
        assert other is not None
        if other.event.shape != dataset.event.shape:
            raise DataError(
                f"watch: held_out has examples of shape {other.event.shape}, data of {dataset.event.shape}."
            )
        event = dataset.event
        x = other.x.to(event.torch_dtype)
        labels = other.y if dataset.y is not None else None
        dataset = replace(dataset, held_out=Dataset("held out", x, event, labels))
    return dataset


def without_data(event: Event | None) -> Dataset:
    """Return a dataset without examples, for a run whose data were not given.

    Args:
        event: what one example is, if a sample shows it.
    """
    event = event or Event((1,), "vector")
    return Dataset(NOT_GIVEN, torch.empty(0, *event.shape, dtype=event.torch_dtype), event)


def _arrays(data: Any) -> Any:
    """Examples, or a pair of examples and labels, as arrays of at most `MOST_BYTES`."""
    if isinstance(data, DataLoader):
        data = data.dataset
    if isinstance(data, torch.utils.data.TensorDataset):
        data = tuple(data.tensors[:2]) if len(data.tensors) > 1 and data.tensors[1].ndim == 1 else data.tensors[0]
    elif isinstance(data, TorchDataset):
        data = _read(data)
    if isinstance(data, list) and len(data) == 2 and _is_array(data[0]) and np.ndim(data[1]) < 2 <= np.ndim(data[0]):
        data = tuple(data)  # [x, y], as a batch of a DataLoader
    pair = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
    x, y = pair
    if not _is_array(x) or x.nbytes <= MOST_BYTES:
        return data
    index = torch.linspace(0, len(x) - 1, max(2, MOST_BYTES * len(x) // x.nbytes)).long()
    chosen = index if isinstance(x, Tensor) else index.numpy()
    return x[chosen] if y is None else (x[chosen], torch.as_tensor(y)[index])


def _is_array(x: Any) -> bool:
    """Whether x is an array or tensor with one example or more."""
    return hasattr(x, "nbytes") and bool(getattr(x, "shape", ())) and len(x) > 0


def _read(data: Any) -> Any:
    """Read evenly spread examples of a torch Dataset, without an effect on the user's random numbers."""
    if not isinstance(data, Sized):
        raise DataError(f"watch: data is a torch Dataset without a length; {INSTEAD}.")
    index = torch.linspace(0, len(data) - 1, min(READ, len(data))).long().tolist()
    try:
        with undisturbed((), generators_among(attributes_of(data))):
            items = [data[number] for number in index]  # type: ignore[index]
            first = [item[0] if isinstance(item, tuple | list) else item for item in items]
            x = torch.stack([one if isinstance(one, Tensor) else torch.as_tensor(np.array(one)) for one in first])
    except Exception as error:
        raise DataError(
            f"watch: the examples of data cannot be read as arrays of one shape ({type(error).__name__}: {error}); {INSTEAD}."
        ) from error
    labels = [item[1] if isinstance(item, tuple | list) and len(item) > 1 else None for item in items]
    try:
        whole = [torch.as_tensor(label) for label in labels if label is not None]
    except (TypeError, ValueError, RuntimeError):  # the second part is no label
        return x
    if len(whole) < len(labels) or any(label.ndim or label.is_floating_point() for label in whole):
        return x
    return x, torch.stack(whole).long()
