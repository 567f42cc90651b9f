"""Read the examples to augment, and refuse those that no class can be learnt from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.applications.augment.examples import Examples, Images, Rows
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.tabular.completing import complete_schema
from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.data.tabular.reading import is_table_source, read_frame
from saddlepoint.data.tabular.schema import CATEGORIES, Column, Schema
from saddlepoint.errors import DataError, SettingError, shortened

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.data.dataset import Dataset

MOST_CLASSES = 30  # values of a column that are taken as classes although they are numbers
LEAST = 2  # examples of a class to learn it from


def read_examples(
    source: Any, *, target: str | None = None, schema: Schema | None = None, size: int | None = None
) -> Examples:
    """The labelled examples of a source.

    Args:
        source: a built-in name; the path of a folder of images with a folder for each class, an .npz file with x and y, or a table; a
            data frame or record array; a pair (x, y) of arrays; or a Dataset.
        target: name of a table's column of labels.
        schema: of a table; None infers it.
        size: height and width of images; None keeps them.

    Raises:
        SettingError: a table without a target, or a target that is no column of classes.
        DataError: the source cannot be read, has no labels, a single class, or a class with one example.
    """
    is_rows = is_table_source(source)
    if is_rows and size is not None:
        raise SettingError("augment: --size is the height and width of images, and this is a table; leave it out.")
    if schema is not None and not (is_rows and isinstance(schema, Schema)):
        raise SettingError(
            "augment: --schema is for tables (CSV, TSV or Parquet), and this is none; leave it out."
            if not is_rows
            else f"augment: schema is a Schema, got a {type(schema).__name__}; Schema.read(FILE.yaml) reads one."
        )
    found = (
        _rows(source, target, schema)
        if is_rows
        else _images(
            source, target, DataSettings(source="digits", held_out=0.0, size=None if size is None else (size,))
        )
    )
    _check_classes(found)
    return found


def _rows(source: Any, target: str | None, given: Schema | None) -> Rows:
    frame = read_frame(source, given)
    schema = infer_schema(frame) if given is None else complete_schema(given, frame)
    target = schema.target if target is None else target
    if target is None:
        raise SettingError(
            f"augment: a table needs --target, the column of classes (target= in Python); columns are {shortened(', '.join(schema.names))}."
        )
    # The names of columns that are read are texts.
    target = str(target)
    column = schema.column(target)
    notes = _left_out(schema)
    if frame[target].isna().any():
        # What a classifier is trained and tested on has labels.
        kept = frame[frame[target].notna()].reset_index(drop=True)
        kept.attrs = dict(frame.attrs)
        rows = len(frame) - len(kept)
        notes = (*notes, f"{rows:,} {'rows' if rows > 1 else 'row'} without a class in {target} left out")
        frame = kept
        if not len(frame):
            raise DataError(f"augment: every cell of the target {target} is missing; choose another column.")
        schema = infer_schema(frame) if given is None else complete_schema(given, frame)
    if column.kind == "constant":
        raise DataError(
            f"augment: every row has the class {column.value!r} in {target}; give rows of two classes or more."
        )
    if column.kind not in CATEGORIES:
        schema = _with_classes(schema, column, frame)
    return Rows(frame, schema.model_copy(update={"target": target}), notes)


def _left_out(schema: Schema) -> tuple[str, ...]:
    names = [column.name for column in schema.columns if column.kind == "text"]
    return (f"free text is not learnt and left out: {shortened(', '.join(names))}",) if names else ()


def _with_classes(schema: Schema, column: Column, frame: pd.DataFrame) -> Schema:
    """The schema with the target's values as classes, which few enough numbers are."""
    values = frame[column.name].nunique()
    if column.kind not in ("integer", "continuous") or values > min(MOST_CLASSES, max(2, len(frame) // 2)):
        raise SettingError(
            f"augment: the target {column.name} is of the kind {column.kind} with {values:,} values, and labels are classes; choose a column "
            "of categories."
        )
    classes = Column(name=column.name, kind="category", dtype=column.dtype, marks=column.marks, format=column.format)
    columns = tuple(classes if one.name == column.name else one for one in schema.columns)
    return complete_schema(schema.model_copy(update={"columns": columns}), frame)


def _images(source: Any, target: str | None, settings: DataSettings) -> Images:
    from saddlepoint import data
    from saddlepoint.data.dataset import Dataset

    if target is not None:
        raise SettingError(
            "augment: --target names a column of a table, and this is no table (CSV, TSV or Parquet); leave it out."
        )
    dataset: Dataset
    if isinstance(source, Dataset):
        dataset = source
    elif isinstance(source, str | Path):
        dataset = data.load(settings.model_copy(update={"source": str(source)}))
    else:
        dataset = data.from_array(source, settings=settings)
    event = dataset.event
    if event.kind != "image":
        raise DataError(
            f"augment: {dataset.name} has {event.plural}; augment takes images with labels, and tables (CSV, TSV, Parquet) with a target."
        )
    if dataset.y is None or event.class_names is None:
        raise DataError(
            f"augment: {dataset.name} has no labels; put the images into one folder for each class, or give an .npz file with x and y."
        )
    return Images(dataset.x, dataset.y, event)


def _check_classes(examples: Examples) -> None:
    counts, names = examples.counts, examples.names
    present = [name for name, count in zip(names, counts, strict=True) if count]
    if len(present) < 2:
        raise DataError(
            f"augment: all {len(examples):,} {examples.noun} have the class {', '.join(present)}; give examples of two classes or more."
        )
    for name, count in zip(names, counts, strict=True):
        if count < LEAST:
            raise DataError(
                f"augment: class {name} has {'one example' if count else 'no example'}, and a class is learnt from {LEAST} or more; add some, "
                "or remove the class."
            )
