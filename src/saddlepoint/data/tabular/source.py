"""A table as a data source: rows become vectors by a codec that is fitted to the training part alone.

A column that is named as the target becomes the label, which conditional models take; it is then no part of the vectors.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, check_counts, describe_parts, split_positions
from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.data.tabular.completing import complete_schema
from saddlepoint.data.tabular.constraints import Constraints
from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.data.tabular.reading import KEY, read_frame
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import SettingError

if TYPE_CHECKING:
    import pandas as pd

NAMED = 5  # columns that a note names
SEED = 0  # of the noise that spreads categories and frequent values


def load(settings: DataSettings) -> Dataset:
    """The table at `settings.source` as a dataset of vectors."""
    path = Path(settings.source).expanduser()
    return load_table(path, settings, path.name)


def load_table(source: Any, settings: DataSettings, name: str) -> Dataset:
    """A table as a dataset of vectors.

    Args:
        source: what `read_frame` takes.
        settings: the schema, the target, the encoding and the split.
        name: of the table, for messages.
    """
    if settings.kind not in ("auto", "vector"):
        raise SettingError(
            f"data.kind {settings.kind}: {name} is a table, whose rows are vectors; leave data.kind out."
        )
    given = None if settings.schema is None else Schema.read(settings.schema)
    return from_frame(read_frame(source, given), settings, name, given)


def schema_of(frame: pd.DataFrame, settings: DataSettings, given: Schema | None = None) -> Schema:
    """The schema of a frame, or the one that was given, with the target of the settings."""
    schema = infer_schema(frame) if given is None else complete_schema(given, frame)
    if settings.target is not None:
        schema = schema.model_copy(update={"target": schema.column(settings.target).name})
    if schema.target is not None and not schema.column(schema.target).has_categories:
        column = schema.column(schema.target)
        if column.kind == "constant":
            value = "every cell is missing" if column.value is None else f"every row has the class {column.value!r}"
            raise SettingError(
                f"data.target {column.name}: {value}; give rows of two classes or more, or leave data.target out."
            )
        raise SettingError(
            f"data.target {column.name}: the column is of the kind {column.kind}, and labels are categories; choose another column, or "
            "make it a category in a schema (saddlepoint data FILE --out schema.yaml writes one; then --data.schema schema.yaml)."
        )
    return schema


def split_frame(frame: pd.DataFrame, settings: DataSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a frame to train on and those held out, as the settings split them."""
    training, held_out = (
        frame.iloc[rows.numpy()].reset_index(drop=True) for rows in split_positions(len(frame), settings)
    )
    return training, held_out


def from_frame(frame: pd.DataFrame, settings: DataSettings, name: str, given: Schema | None = None) -> Dataset:
    """A dataset of the rows of a frame.

    Args:
        frame: as `read_frame` returns it.
        settings: the split, the target and the encoding.
        name: of the table, for messages.
        given: the schema; None infers it.

    Raises:
        DataError: no column can be learnt, or a cell is not what the schema says.
        SettingError: the target is no category, or a constraint cannot be read.
    """
    schema = schema_of(frame, settings, given)
    rows, rest = split_frame(frame, settings)
    codec = TableCodec(schema, settings.encoding).fit(rows)
    rng = np.random.default_rng(SEED)
    part, other = (
        Part(torch.from_numpy(codec.encode(some, rng)), _labels(codec, some)) if len(some) else None
        for some in (rows, rest)
    )
    assert part is not None, "the split keeps at least one row to train on"
    names = None if schema.target is None else codec.label_names
    if settings.encoding == "levels":
        event = Event((codec.width,), "vector", "uint8", 0.0, 255.0, class_names=names)
        part = replace(part, x=part.x.to(torch.uint8))
        other = None if other is None else replace(other, x=other.x.to(torch.uint8))
    else:
        event = Event((codec.width,), "vector", class_names=names, cells=codec.cells, groups=codec.groups)
    check_counts(name, event, len(part.x), part.y)
    dataset = describe_parts(name, event, part, other, notes=_notes(schema, frame))
    return replace(dataset, table=codec)


def _labels(codec: TableCodec, frame: pd.DataFrame) -> torch.Tensor | None:
    labels = codec.encode_labels(frame)
    return None if labels is None else torch.from_numpy(labels)


def _notes(schema: Schema, frame: pd.DataFrame) -> tuple[str, ...]:
    """Sentences on what is not learnt, what was read as missing, and constraints that the rows themselves violate."""
    notes = []
    for kind, said in (
        ("text", "are free text and left out"),
        ("identifier", "are identifiers, which are numbered anew and not learnt"),
        ("constant", "are constant and not learnt"),
    ):
        names = [column.name for column in schema.columns if column.kind == kind]
        if names:
            verb = (
                said if len(names) > 1 else said.replace("are identifiers", "is an identifier").replace("are ", "is ")
            )
            notes.append(f"{_columns(names)} {verb}.")
    written: dict[str, Any] = frame.attrs.get(KEY, {}).get("marks", {})
    marks = sorted({mark for some in written.values() for mark in some if mark})
    if marks:
        names = [name for name, some in written.items() if any(some)]
        notes.append(f"Cells read as missing: {', '.join(marks)} ({_columns(names)}).")
    if schema.constraints:
        for text, share in Constraints(schema.constraints, schema).violations(frame).items():
            if share:
                notes.append(f'{share:.1%} of the rows violate the constraint "{text}", which drawn rows will hold.')
    return tuple(notes)


def _columns(names: list[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"Column{'s' if len(names) > 1 else ''} {', '.join(names[:NAMED])}{more}"
