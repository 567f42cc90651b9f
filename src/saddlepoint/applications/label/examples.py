"""Examples of any kind with labels that may be missing, as all methods see them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.event import Event

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.data.tabular.schema import Column, Schema

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TableParts:
    """The table that examples are the rows of.

    Attributes:
        frame: all columns, as they were read.
        schema: of the frame.
        target: the column of labels.
    """

    frame: pd.DataFrame
    schema: Schema
    target: Column


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples, some of which have labels.

    Attributes:
        x: (N, *event) in the data's own units; rows of a table are encoded as vectors, without their labels.
        event: what one example is.
        labels: (N,) classes, -1 where a label is missing.
        names: of the classes.
        source: what the data are called in messages.
        identities: (N,) names of the examples, such as files of images; None for positions.
        test: further examples with labels, which are for tests alone; None for data without a test part.
        table: of rows.
        notes: sentences on what was left out.
    """

    x: Tensor
    event: Event
    labels: Labels
    names: tuple[str, ...]
    source: str
    identities: tuple[str, ...] | None = None
    test: tuple[Tensor, Labels] | None = None
    table: TableParts | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.x)

    @property
    def noun(self) -> str:
        """What the examples are called."""
        return "rows" if self.table is not None else self.event.plural

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """(N,) whether an example has a label."""
        return np.asarray(self.labels >= 0)

    @property
    def counts(self) -> Labels:
        """(K,) labelled examples of each class."""
        return np.bincount(self.labels[self.known], minlength=len(self.names)).astype(np.int64)

    def with_labels(self, labels: Labels) -> Examples:
        """The same examples with other labels (N,)."""
        return replace(self, labels=labels)

    def take(self, positions: npt.ArrayLike) -> Examples:
        """The examples at these positions (M,), in their order, without a table."""
        index = np.asarray(positions, dtype=np.int64)
        return replace(
            self,
            x=self.x[torch.from_numpy(index)],
            labels=self.labels[index],
            identities=None if self.identities is None else tuple(self.identities[at] for at in index),
            table=None,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the examples, their labels, the test part and the names of the classes."""
        content = hashlib.sha256(repr((tuple(self.x.shape), self.names)).encode())
        for x, labels in [(self.x, self.labels), *([] if self.test is None else [self.test])]:
            for part in torch.split(x, 1_000):  # which may be mapped into memory
                content.update(part.contiguous().numpy().tobytes())
            content.update(labels.tobytes())
        return content.hexdigest()
