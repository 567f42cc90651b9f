"""Protects the results in a study's folder: a new table must not drop runs of the present one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from saddlepoint.errors import RunError, SettingError
from saddlepoint.recipe.studies import FILE, load_study, points
from saddlepoint.studies.folder import StudyFolder
from saddlepoint.studies.plan import FREE
from saddlepoint.studies.settings import Point, StudySettings
from saddlepoint.studies.tables import cell_text


def check_replaced_runs(place: str | Path, asked: StudySettings) -> None:
    """Check that writing this study's table drops no runs of the folder's table.

    A table with more seeds, values or measures may replace a smaller one. If the folder has no table, or its study.yaml
    is damaged, the check passes.

    Args:
        place: the study's folder.
        asked: the study that is about to run.

    Raises:
        RunError: the folder's table has runs that the study does not have.
    """
    folder = StudyFolder(place)
    if not folder.results.is_file():
        return
    try:
        theirs = load_study(folder.path / FILE)
        kept = {tuple(map(cell_text, point.values.values())): _settings(point) for point in points(theirs)}
    except SettingError:
        return
    ours = {_settings(point) for point in points(asked)}
    seeds = {str(seed) for seed in range(asked.seeds.first, asked.seeds.first + asked.seeds.count)}
    with folder.results.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lost = 0
    for row in rows:
        settings = kept.get(tuple(row.get(name) or "" for name in theirs.axes))
        lost += settings is not None and (settings not in ours or row.get("seed") not in seeds)
    if lost:
        raise RunError(
            f"{folder.path} holds a table of {len(rows):,} runs, {lost:,} of them not among those asked for now: name another "
            "folder with --dir, or have its tables and pictures replaced with --overwrite (what it trained stays in cells/)."
        )


def _settings(point: Point) -> str:
    """All settings of a point that its runs' numbers depend on."""
    training = point.training.model_dump(mode="json", exclude=FREE | {"seed"})
    return json.dumps([point.data.model_dump(mode="json"), point.model.model_dump(mode="json"), training])
