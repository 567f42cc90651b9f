"""Encode the rows of a table as vectors of numbers that existing models learn, and decode vectors as rows.

Three encodings suit three sorts of models. "scores": numbers as normal scores, categories one-hot, for networks. "copula": every column
one normal score, so that a Gaussian is a Gaussian copula. "levels": every column one of 256 levels, for autoregressive models. What
is decoded has the columns, types, formats, ranges and decimals of the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.categories import Intervals, order_by_association
from saddlepoint.data.tabular.packages import import_package
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.data.tabular.transforms import (
    Cell,
    Encoding,
    Transform,
    cells_of,
    fit_transform,
    transform_from_json,
    transform_to_json,
)
from saddlepoint.data.tabular.values import Mask, Numbers, Series, constant, from_arrays, to_arrays
from saddlepoint.errors import DataError, SettingError

if TYPE_CHECKING:
    import pandas as pd

ROWS = 20_000  # rows from which the order of many categories is found

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """The positions of one column of the table in the encoded vectors.

    Attributes:
        column: its name.
        start, stop: its positions, from `start` on and without `stop`.
        kind: "score", "one-hot" or "levels".
    """

    column: str
    start: int
    stop: int
    kind: str


class TableCodec:
    """Rows as vectors, and back.

    Args:
        schema: of the table.
        encoding: "scores", "copula" or "levels".

    Attributes:
        columns: that are encoded: those that are learnt, without the target.
        target: the column that is a label, or None.
    """

    def __init__(self, schema: Schema, encoding: Encoding = "scores") -> None:
        if encoding not in get_args(Encoding):
            raise SettingError(f"the encoding is {encoding!r}; it must be one of {', '.join(get_args(Encoding))}.")
        self.target = None if schema.target is None else schema.column(schema.target)
        self.columns = tuple(column for column in schema.learnt if column != self.target)
        if not self.columns:
            kinds = ", ".join(f"{column.name}: {column.kind}" for column in schema.columns[:5])
            raise DataError(f"no column can be learnt ({kinds}); give a table with numbers, dates or categories.")
        self.schema, self.encoding = schema, encoding
        self._transforms: dict[str, Transform] = {}

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Where each learnt column is in the vectors, in their order."""
        blocks, start = [], 0
        for column in self.columns:
            transform = self._fitted()[column.name]
            blocks.append(Block(column.name, start, start + transform.width, transform.kind))
            start = blocks[-1].stop
        return tuple(blocks)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Regions of the vectors' numbers that stand for one value each, as `Event.cells`."""
        return tuple(
            (block.start + number, low, high)
            for block in self.blocks
            for number, low, high in cells_of(self._fitted()[block.column])
        )

    @property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """Where the vectors' numbers are one-hot codes, as `Event.groups`."""
        return tuple((block.start, block.stop) for block in self.blocks if block.kind == "one-hot")

    @property
    def width(self) -> int:
        """How many numbers encode a row."""
        return self.blocks[-1].stop

    def fit(self, frame: pd.DataFrame) -> TableCodec:
        """Fit the transforms of all learnt columns to the rows of a frame, and return the codec."""
        arrays = {column.name: to_arrays(self._cells(frame, column), column) for column in self.columns}
        late = []
        for column in self.columns:
            transform = fit_transform(column, self.encoding, *arrays[column.name])
            if isinstance(transform, Intervals) and column.kind == "category":
                late.append(column)
            self._transforms[column.name] = transform
        for column in late:
            values, missing = arrays[column.name]
            rows = slice(0, ROWS)
            features = self._features(
                arrays, rows, without={other.name for other in late} if len(late) < len(arrays) else {column.name}
            )
            codes = np.where(missing, -1, values)[rows]
            order = order_by_association(codes, len(column.categories), features)
            self._transforms[column.name] = Intervals.fit(
                values, missing, len(column.categories), column.has_missing, order
            )
        return self

    def encode(self, frame: pd.DataFrame, rng: np.random.Generator | None = None) -> Matrix:
        """The rows of a frame as vectors (N, width) float32.

        Args:
            frame: with the columns of the schema; others are ignored.
            rng: spreads categories and frequent values over their regions; None takes a fixed seed.

        Raises:
            DataError: a column is missing, or has cells that the schema does not allow.
        """
        rng = np.random.default_rng(0) if rng is None else rng
        x = np.empty((len(frame), self.width), np.float32)
        for column, block in zip(self.columns, self.blocks, strict=True):
            values, missing = to_arrays(self._cells(frame, column), column)
            x[:, block.start : block.stop] = self._fitted()[column.name].encode(values, missing, rng)
        return x

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels: the target's categories, and "missing" where its cells can be."""
        if self.target is None:
            return ()
        names = tuple(map(str, self.target.categories))
        return (*names, "missing") if self.target.has_missing else names

    def encode_labels(self, frame: pd.DataFrame) -> npt.NDArray[np.int64] | None:
        """The labels (N,) int64 of the rows of a frame; None without a target."""
        if self.target is None:
            return None
        values, missing = to_arrays(self._cells(frame, self.target), self.target)
        return np.where(missing, len(self.target.categories), values).astype(np.int64)

    def decode(
        self,
        x: npt.ArrayLike,
        rng: np.random.Generator | None = None,
        first: int = 0,
        labels: npt.ArrayLike | None = None,
    ) -> pd.DataFrame:
        """The rows that vectors (N, width) stand for, in the types and formats of the schema.

        Identifiers are numbered anew from `first`, because those of the source must not be learnt. Columns of text are left out.

        Args:
            x: the vectors.
            rng: draws values within bins, for "levels" alone; None takes a fixed seed.
            first: how many rows were decoded before.
            labels: (N,) of the target; None leaves its column out.
        """
        pandas = import_package("pandas")
        rng = np.random.default_rng(0) if rng is None else rng
        matrix = np.asarray(x, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != self.width:
            raise DataError(f"vectors of shape {matrix.shape}; rows of this table are encoded as (N, {self.width}).")
        blocks = {block.column: block for block in self.blocks}
        columns: dict[str, Any] = {}
        for column in self.schema.columns:
            if column == self.target:
                if labels is not None:
                    codes = np.asarray(labels, np.int64)
                    missing = codes == len(column.categories)
                    columns[column.name] = from_arrays(np.where(missing, 0, codes), missing, column)
            elif column.is_learnt:
                block = blocks[column.name]
                values, missing = self._fitted()[column.name].decode(matrix[:, block.start : block.stop], rng)
                columns[column.name] = from_arrays(values, missing, column)
            elif column.kind == "constant":
                columns[column.name] = constant(column, len(matrix))
            elif column.kind == "identifier":
                columns[column.name] = self.identifiers(column, first, len(matrix))
        return pandas.DataFrame(columns)  # type: ignore[no-any-return]

    def decode_column(self, name: str, x: npt.ArrayLike, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """The values (N,) of one encoded column in vectors (N, width), as `values.to_arrays` has them, and which are missing."""
        block = next(block for block in self.blocks if block.column == name)
        return self._fitted()[name].decode(np.asarray(x, np.float64)[:, block.start : block.stop], rng)

    @staticmethod
    def identifiers(column: Column, first: int, n: int) -> Series:
        """New identifiers: whole numbers from the smallest of the source on, else texts that say that they are synthetic."""
        pd = import_package("pandas")
        numbers = np.arange(first, first + n)
        if isinstance(column.low, int):
            return pd.Series(numbers + column.low).astype(column.dtype)
        return pd.Series([f"synthetic-{number + 1:06d}" for number in numbers], dtype=column.dtype)

    def to_json(self) -> dict[str, Any]:
        """The schema and what was fitted, as JSON."""
        transforms = {name: transform_to_json(transform) for name, transform in self._fitted().items()}
        return {"encoding": self.encoding, "schema": self.schema.model_dump(mode="json"), "transforms": transforms}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> TableCodec:
        """The codec that `to_json` wrote; raises DataError where it is damaged."""
        try:
            codec = cls(Schema.model_validate(content["schema"]), content["encoding"])
            for column in codec.columns:
                codec._transforms[column.name] = transform_from_json(content["transforms"][column.name])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the stored encoding of the table is damaged ({error}); train again.") from None
        return codec

    def _features(
        self, arrays: Mapping[str, tuple[Numbers, Mask]], rows: slice, without: set[str]
    ) -> npt.NDArray[np.float64]:
        """Numbers (N, D) that describe the other columns, by which many categories are ordered."""
        rng = np.random.default_rng(0)
        parts = [
            self._transforms[name].encode(values[rows], missing[rows], rng)
            for name, (values, missing) in arrays.items()
            if name not in without
        ]
        return np.hstack(parts) if parts else np.empty((0, 0))

    def _cells(self, frame: pd.DataFrame, column: Column) -> Series:
        if column.name not in frame.columns:
            raise DataError(
                f"the table has no column {column.name!r}, which the schema has; it has {', '.join(map(str, frame.columns))}."
            )
        return frame[column.name]

    def _fitted(self) -> dict[str, Transform]:
        if not self._transforms:
            raise SettingError("the codec is not fitted; call fit(frame) first.")
        return self._transforms
