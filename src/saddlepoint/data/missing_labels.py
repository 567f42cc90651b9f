"""Data of which some labels are missing: y is -1 there."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset

MISSING = -1  # in place of a label


def has_missing_labels(dataset: Dataset) -> bool:
    """Whether some labels of the training part or the held-out part are missing."""
    parts = (dataset, dataset.held_out)
    return any(part is not None and part.y is not None and complete_labels(part) is None for part in parts)


def complete_labels(dataset: Dataset) -> Tensor | None:
    """The labels (N,) of a dataset; None where there are none, or some are missing."""
    return None if dataset.y is None or bool((dataset.y == MISSING).any()) else dataset.y


def labelled_part(dataset: Dataset) -> Dataset:
    """The training examples that have a label, without a held-out part; the dataset itself where all have one."""
    if dataset.y is None or complete_labels(dataset) is not None:
        return dataset
    return dataset.subset(torch.nonzero(dataset.y != MISSING).flatten())
