"""Labelled examples of either kind, rows of a table or images, as the other files of this package see them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.applications.augment.settings import DataKind
from saddlepoint.data.event import Event
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Labels = npt.NDArray[np.int64]
Features = Callable[[Any], npt.NDArray[Any]]


class Examples(ABC):
    """Labelled examples.

    Attributes:
        kind: "table" or "images".
        noun: what one example is called, in the plural.
    """

    kind: ClassVar[DataKind]
    noun: ClassVar[str]

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the classes 0, 1, ..."""

    @property
    @abstractmethod
    def labels(self) -> Labels:
        """(N,) classes."""

    @abstractmethod
    def take(self, positions: npt.ArrayLike) -> Self:
        """The examples at these positions (M,), in their order."""

    @abstractmethod
    def join(self, other: Self) -> Self:
        """These examples, then the others."""

    @abstractmethod
    def features(self) -> Features:
        """A function from examples to comparable vectors (N, F) of real numbers, fitted to these examples."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the content."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> Labels:
        """(K,) examples of each class."""
        return np.bincount(self.labels, minlength=len(self.names)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Rows(Examples):
    """Rows of a table.

    Attributes:
        frame: without missing targets.
        schema: of the table; its target is the label.
        notes: what of the table is not among them.
    """

    frame: pd.DataFrame
    schema: Schema
    notes: tuple[str, ...] = ()
    kind: ClassVar[DataKind] = "table"
    noun: ClassVar[str] = "rows"

    @property
    def target(self) -> str:
        """Name of the column of labels."""
        assert self.schema.target is not None, "rows to augment have a target"
        return self.schema.target

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(value) for value in self.schema.column(self.target).categories)

    @cached_property
    def labels(self) -> Labels:
        categories = self.schema.column(self.target).categories
        codes = {value: code for code, value in enumerate(categories)}
        found = [codes.get(value, -1) for value in self.frame[self.target].astype(object)]
        if -1 in found:
            value = self.frame[self.target].iloc[found.index(-1)]
            known = ", ".join(self.names)
            raise DataError(
                f"augment: row {found.index(-1) + 1} has the label {value!r} in {self.target}, which the schema does not list ({known}); "
                "add it to the schema's categories, or correct the row."
            )
        return np.array(found, dtype=np.int64)

    def take(self, positions: npt.ArrayLike) -> Rows:
        return Rows(self.frame.iloc[np.asarray(positions, dtype=np.int64)].reset_index(drop=True), self.schema)

    def join(self, other: Rows) -> Rows:
        import pandas as pd

        return Rows(pd.concat([self.frame, other.frame], ignore_index=True), self.schema)

    def features(self) -> Features:
        from saddlepoint.evaluation.tables.features import TableFeatures

        fitted = TableFeatures(self.frame, self.schema, without=(self.target,))
        return lambda rows: fitted.encode(rows.frame)

    @cached_property
    def digest(self) -> str:
        import pandas as pd

        texts = self.frame.astype(object).where(self.frame.notna(), None).map(repr)
        hashed = pd.util.hash_pandas_object(texts, index=False).to_numpy()
        return hashlib.sha256(repr(list(self.frame.columns)).encode() + hashed.tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Images(Examples):
    """Images.

    Attributes:
        x: (N, C, H, W) in the data's own units.
        y: (N,) int64.
        event: what one image is, with the names of the classes.
    """

    x: Tensor
    y: Tensor
    event: Event
    kind: ClassVar[DataKind] = "images"
    noun: ClassVar[str] = "images"

    @property
    def names(self) -> tuple[str, ...]:
        assert self.event.class_names is not None, "images to augment have labels"
        return self.event.class_names

    @cached_property
    def labels(self) -> Labels:
        return self.y.numpy()

    def take(self, positions: npt.ArrayLike) -> Images:
        index = torch.from_numpy(np.asarray(positions, dtype=np.int64))
        return Images(self.x[index], self.y[index], self.event)

    def join(self, other: Images) -> Images:
        return Images(torch.cat([self.x, other.x]), torch.cat([self.y, other.y]), self.event)

    def features(self) -> Features:
        units = self.event.scaling("unit")
        return lambda images: units.to_model(images.x).flatten(1).numpy()

    @cached_property
    def digest(self) -> str:
        content = hashlib.sha256(repr((tuple(self.x.shape), self.names)).encode())
        for part in torch.split(self.x, 1_000):  # which may be mapped into memory
            content.update(part.contiguous().numpy().tobytes())
        content.update(self.y.numpy().tobytes())
        return content.hexdigest()
