"""The model of a run that was trained before, as a generator."""

from __future__ import annotations

from pathlib import Path

from saddlepoint.applications.augment.examples import Examples, Images, Rows
from saddlepoint.applications.augment.generators import Generator, check_classes
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.data.tabular.storage import read_codec
from saddlepoint.errors import SettingError, shortened
from saddlepoint.experiment.run import Run


def load_generator(folder: Path, examples: Examples) -> Generator:
    """The model of a trained run, whose classes must be those of the examples.

    Args:
        folder: of the run.
        examples: that the generated ones will be compared with.

    Raises:
        SettingError: the run's model draws no classes, other classes, or examples of another shape.
    """
    run = Run(folder)
    model = run.model
    check_classes(model, str(folder))
    names = model.event.class_names or ()
    codec = read_codec(run.folder.table) if run.folder.table.exists() else None
    if names != examples.names:
        raise SettingError(
            f"augment: the classes of {folder} are {shortened(', '.join(names))}, and those of the data {shortened(', '.join(examples.names))}; "
            "take a run that was trained on these data."
        )
    if isinstance(examples, Images) and model.event.shape != examples.event.shape:
        raise SettingError(
            f"augment: {folder} draws images of shape {model.event.shape}, and those of the data are {examples.event.shape}; give --size, or "
            "another run."
        )
    if isinstance(examples, Rows) and (codec is None or codec.schema.names != examples.schema.names):
        raise SettingError(f"augment: {folder} was not trained on a table with these columns; take a run that was.")
    if isinstance(examples, Rows) and codec is not None:
        _check_kinds(codec.schema, examples.schema, folder)
    return Generator(model, examples.take([0]), codec)


def _check_kinds(trained: Schema, given: Schema, folder: Path) -> None:
    """Raise SettingError where a column has other cells than in the table that the run was trained on."""
    for column, own in zip(given.learnt, map(trained.column, (one.name for one in given.learnt)), strict=True):
        if own.is_learnt and _form(own) != _form(column):
            raise SettingError(
                f"augment: {folder} was trained on a table in which {own.name} is of the kind {own.kind}, and here it is of the kind "
                f"{column.kind}; take a run that was trained on these columns, or correct the kind with --schema."
            )


def _form(column: Column) -> str:
    """What the cells of a column are like: the kind of few rows may differ, as of counts that happen to be 0 and 1."""
    if column.kind == "datetime":
        return "datetime"
    types = {type(category) for category in column.categories}
    return "number" if types <= {int, float} else str(sorted(one.__name__ for one in types))
