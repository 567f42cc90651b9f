"""TensorBoard's event files: a file, or a folder with the files of one run."""

from __future__ import annotations

import os
from pathlib import Path

from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table
from saddlepoint.errors import RunError

MOST_FOLDERS = 10_000  # searched for event files
EVENTS = "events.out.tfevents"


def read(source: Source) -> Table | None:
    """Read event files.

    Args:
        source: of the log.

    Returns:
        Their scalars; None where there are no event files.

    Raises:
        RunError: a folder has the events of several runs, or too many folders.
    """
    if source.is_input or not (files := event_files(source.path)):
        return None
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

    path = source.path
    places = sorted({file.parent for file in files} if path.is_dir() else {path})
    if len(places) > 1:
        named = ", ".join(str(place.relative_to(path)) for place in places[:8])
        raise RunError(f"{path} has the events of {len(places)} runs ({named}): give the folder of one of them.")
    rows: dict[int, dict[str, float]] = {}
    events = EventAccumulator(str(places[0]), size_guidance={SCALARS: 0})
    events.Reload()
    for tag in events.Tags()["scalars"]:
        for event in events.Scalars(tag):
            rows.setdefault(event.step, {})[tag] = event.value
    steps = sorted(rows)
    return Table("TensorBoard events", tuple(rows[step] for step in steps), counted=tuple(steps))


def event_files(path: Path) -> list[Path]:
    """Return TensorBoard's event files in a folder and all folders below it, or the file itself.

    Raises:
        RunError: there are more than `MOST_FOLDERS` folders, which no folder of logs has.
    """
    if path.is_file():
        return [path] if EVENTS in path.name else []
    found: list[Path] = []
    # os.walk follows no links and skips folders that cannot be read or vanish meanwhile.
    for number, (folder, _, names) in enumerate(os.walk(path)):
        if number >= MOST_FOLDERS:
            raise RunError(f"{path} has more than {MOST_FOLDERS:,} folders: give the folder of one log.")
        found += [Path(folder) / name for name in names if EVENTS in name]
    return found
