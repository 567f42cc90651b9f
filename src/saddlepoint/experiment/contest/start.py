"""Choose a recipe for a table by a contest on its training rows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_mapping
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import split_positions
from saddlepoint.data.tabular.reading import read_frame
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.data.tabular.source import schema_of
from saddlepoint.errors import DataError, SettingError
from saddlepoint.experiment.contest.candidates import candidates
from saddlepoint.experiment.contest.holding import hold_contest
from saddlepoint.experiment.contest.outcome import Contest
from saddlepoint.experiment.contest.trials import contest_request
from saddlepoint.experiment.data_argument import Table
from saddlepoint.experiment.location import new_folder
from saddlepoint.progress import report_for
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.targets import TARGET, with_labels_of_target
from saddlepoint.records.finished_parts import finished_parts

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.progress import Report

MINUTES = 5.0
_OWN = ("model.", "data.encoding")  # settings that each candidate has of its own
_EXAMPLE = '{"minutes": 5}'


def choose_recipe(
    changes: Mapping[str, Any],
    examples: object,
    settings: Any = None,
    *,
    run: str | Path | None = None,
    overwrite: bool = False,
    report: Report | bool = True,
) -> Contest:
    """Hold a contest between the recipes for tables.

    Args:
        changes: the user's settings by dotted name, which apply to every candidate.
        examples: a `Table`; None reads the one that `data.source` names.
        settings: of the contest: `minutes`.
        run: the folder of the run that will be trained.
        overwrite: whether a run in that folder may be replaced.
        report: receives the progress; True shows it where somebody watches.

    Raises:
        SettingError: a setting cannot be given to all candidates, or the data are no table.
        DataError: the table cannot be read, or has fewer than two rows.
        RunError: the folder of the run is taken.
    """
    minutes = _minutes(settings)
    for name in changes:
        if name.startswith(_OWN):
            raise SettingError(f"auto-table: {name}: each recipe has its own; leave it out, or train one recipe.")
    recipes = [
        with_labels_of_target(Recipe.load(name).override(changes, where="train"), changes) for name in candidates()
    ]
    data = recipes[0].data
    frame = _read(data, examples)
    given = None if data.schema is None else Schema.read(data.schema)
    schema = schema_of(frame, data, given)
    if schema.target is not None:  # it may be that of the schema
        recipes = [with_labels_of_target(_of_target(recipe, schema), {TARGET: schema.target}) for recipe in recipes]
    rows = frame.iloc[split_positions(len(frame), data)[0].numpy()].reset_index(drop=True)
    if len(rows) < 2:
        raise DataError(f"auto-table: the table has {len(frame)} row; a model of rows needs at least 2 to train on.")
    seed, seconds = recipes[0].training.seed, 60 * minutes
    # Holding the run's folder for so long also tells before the contest, not after it, whether it can be written.
    with new_folder("auto-table", run, overwrite) as place:

        def request() -> str:
            return contest_request(rows, schema, recipes, seed, seconds)

        keep = _kept_trials(place.path, None if run is not None else request())
        with report_for(report) as listening, finished_parts(keep, "auto-table", request) as kept:
            return hold_contest(rows, schema, recipes, seed=seed, seconds=seconds, keep=kept, report=listening)


def _kept_trials(run: Path, request: str | None) -> Path | None:
    """The folder of finished trials, beside the run; None where there is no place for it.

    Args:
        run: that will be trained.
        request: tells contests apart where the run's number, and so its name, may be another in the next call; None otherwise.
    """
    name = run.name if request is None else f"auto-table-{request[:16]}"
    return run.with_name(f".{name}.contest") if os.access(run.parent, os.W_OK) else None


def _minutes(settings: Any) -> float:
    if settings is None:
        return MINUTES
    check_mapping("train", "contest", settings, _EXAMPLE)
    unknown = [name for name in settings if name != "minutes"]
    minutes = settings.get("minutes", MINUTES)
    if unknown or isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes < 1e6:
        raise SettingError(f"train: contest is {dict(settings)!r}; give {_EXAMPLE}, with a time greater than 0.")
    return float(minutes)


def _read(data: DataSettings, examples: object) -> pd.DataFrame:
    given = None if data.schema is None else Schema.read(data.schema)
    if isinstance(examples, Table):
        return read_frame(examples.frame, given)
    from saddlepoint.data.tabular.writing import ENDINGS, table_ending

    if examples is not None or not table_ending(Path(data.source)):
        raise SettingError(
            f"auto-table chooses among models of tables: give a table as data (--data.source FILE, ending with {', '.join(ENDINGS)}, or "
            "a data frame in Python)."
        )
    return read_frame(Path(data.source).expanduser(), given)


def _of_target(recipe: Recipe, schema: Schema) -> Recipe:
    return recipe.override({TARGET: schema.target}) if recipe.data.target is None else recipe
