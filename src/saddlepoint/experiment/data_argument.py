"""Interpret the `data` argument of `train`: settings of the `data` section, or examples."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saddlepoint import data as data_package
from saddlepoint.arguments import check_mapping
from saddlepoint.data.npy import Archive
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.tabular.reading import is_table
from saddlepoint.data.tabular.source import load_table
from saddlepoint.data.trajectories import is_trajectories
from saddlepoint.experiment import examples as examples_file
from saddlepoint.experiment.examples import DATA_FILE, Arrays
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.bases import dotted
from saddlepoint.records import RunFolder

EXAMPLE = '{"source": "digits", "limit": 500}'  # how the settings are written, for an error


@dataclass(frozen=True)
class Table:
    """A table that was given in Python. It becomes examples by the settings of the `data` section, which are known later."""

    frame: Any

    def arrays(self, settings: DataSettings) -> Arrays:
        """The table's rows as the arrays that a run stores."""
        return examples_file.arrays_of(load_table(self.frame, settings, "table"))


def split_argument(data: Any) -> tuple[dict[str, Any], Arrays | Table | None]:
    """Separate settings from examples.

    Args:
        data: as `train` takes it.

    Returns:
        Settings by dotted name; and examples with their labels or a table, if there are any, or None.

    Raises:
        SettingError: it is neither settings nor examples.
        DataError: the examples are invalid.
    """
    if data is None:
        return {}, None
    if isinstance(data, str | Path):
        return {"data.source": str(data)}, None
    if isinstance(data, DataSettings):
        data = data.model_dump()
    if is_table(data):
        return {}, Table(data)
    if isinstance(data, Mapping):
        check_mapping("train", "data", data, EXAMPLE)
        table = data.get("source")
        if is_table(table):
            return dotted("data", {name: value for name, value in data.items() if name != "source"}), Table(table)
        return dotted("data", data), None
    return {}, examples_file.arrays_of(data)


def with_absolute_source(recipe: Recipe) -> Recipe:
    """Make the paths of the data and of their schema absolute, so that the run can be repeated from any folder."""
    if recipe.data.schema is not None:
        schema = str(Path(recipe.data.schema).expanduser().resolve())
        recipe = recipe.override({"data.schema": schema, "description": recipe.description})
    path = Path(recipe.data.source).expanduser()
    if recipe.data.source in data_package.SOURCES or not path.exists():
        return recipe
    return with_source(recipe, path)


def with_source(recipe: Recipe, path: Path) -> Recipe:
    """Return the recipe with another path of the same data; its description is unchanged."""
    return recipe.override({"data.source": str(path.resolve()), "description": recipe.description})


def belongs_in_the_run(source: str) -> bool:
    """Return whether a new run needs a copy of these examples: they are stored in another run, which may be removed; or they are trajectories,
    whose start states and spaces a simulator needs."""
    path = Path(source).expanduser()
    if path.name == DATA_FILE and path.is_file() and RunFolder(path.parent).exists():
        return True
    return path.suffix == ".npz" and zipfile.is_zipfile(path) and is_trajectories(Archive(path).keys)
