"""Numbers of classes: labels of any kind become 0, 1, ..., without gaps, and remain the names of the classes.

A model has one class for each number from 0 to the largest. A number that no example has would be a class that the model never
learns, and that is drawn and shown all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import Part, class_shares, content_digest, digest_of_parts

NAMED = 8  # classes that a note names


def number_classes(labels: npt.NDArray[Any]) -> tuple[Tensor, tuple[str, ...], tuple[str, ...]]:
    """Number the classes of labels in ascending order.

    Args:
        labels: (N,) whole numbers, truth values or texts.

    Returns:
        Numbers of the classes (N,) int64, the names of the classes, and notes for the user.
    """
    values, positions = np.unique(labels, return_inverse=True)
    names = tuple(value.decode() if isinstance(value, bytes) else str(value) for value in values.tolist())
    numbers = torch.from_numpy(positions.reshape(-1).astype(np.int64))
    are_numbers = labels.dtype.kind in "iu" and names != tuple(map(str, range(len(names))))
    return numbers, names, (_note(names),) if are_numbers else ()


def _note(names: tuple[str, ...]) -> str:
    named = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return (
        f"The labels {named} are numbered 0 to {len(names) - 1} in this order, and remain the names of the classes: "
        "`sample --labels` takes names, `model.sample` numbers."
    )


def numeric_labels(names: Sequence[str] | None) -> list[int] | None:
    """The labels that the names of classes stand for, if all are whole numbers; else None ("007" is a text)."""
    if not names or not all(name.removeprefix("-").isdecimal() and str(int(name)) == name for name in names):
        return None
    return [int(name) for name in names]


def remove_empty_classes(dataset: Dataset) -> Dataset:
    """Return the dataset without the classes that have no example in the training part or the held-out part.

    The other classes keep their names and are numbered again. This is for data that were filtered by class. Classes that an exact
    density numbers are unchanged.
    """
    names, held_out = dataset.event.class_names, dataset.held_out
    if dataset.y is None or names is None or dataset.truth is not None or not len(dataset):
        return dataset
    labels = dataset.y if held_out is None or held_out.y is None else torch.cat([dataset.y, held_out.y])
    present = torch.unique(labels).tolist()
    if len(present) == len(names) or present[0] < 0 or present[-1] >= len(names):
        return dataset
    return rename_classes(dataset, tuple(names[number] for number in present))


def rename_classes(dataset: Dataset, names: tuple[str, ...]) -> Dataset:
    """Return the dataset with its classes numbered by their positions in `names`, which has every class that has examples."""
    earlier, held_out = dataset.event.class_names or (), dataset.held_out
    numbers = torch.tensor([names.index(name) if name in names else -1 for name in earlier])
    assert dataset.y is not None
    part = Part(dataset.x, numbers[dataset.y])
    event = replace(dataset.event, class_names=names)
    event = replace(event, class_shares=class_shares(part.y, event))
    if held_out is not None:
        test = Part(held_out.x, None if held_out.y is None else numbers[held_out.y])
        held_out = replace(held_out, y=test.y, event=event, fingerprint=content_digest(test))
    return replace(dataset, y=part.y, event=event, held_out=held_out, fingerprint=digest_of_parts(part, held_out))
