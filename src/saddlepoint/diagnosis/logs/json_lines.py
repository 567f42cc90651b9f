"""JSON lines: one object a line, as many loggers write them; also one JSON list of objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from saddlepoint.diagnosis.logs.numbers import number
from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table

DEPTH = 3  # of objects in objects
TRIED = 50  # lines by which a file is recognised
MOST_DAMAGED = 0.2  # share of the lines that may be something else, such as warnings


def read(source: Source) -> Table | None:
    """Read JSON lines.

    Args:
        source: of the log.

    Returns:
        Their numbers; a number in an inner object is named `outer/inner`. None if these are no JSON lines.
    """
    if source.is_folder or source.text.lstrip()[:1] not in ("{", "["):
        return None
    document = parsed(source.text)
    if isinstance(document, list):
        objects, damaged = [entry for entry in document if isinstance(entry, Mapping)], 0
    else:
        lines = [line for line in source.text.split("\n") if line.strip()]
        if all(parsed(line) is None for line in lines[:TRIED]):
            return None
        read_lines = [parsed(line) for line in lines]
        objects = [entry for entry in read_lines if isinstance(entry, Mapping)]
        damaged = len(lines) - len(objects)
        if damaged > max(1, MOST_DAMAGED * len(lines)):
            return None
    if not objects:
        return None
    notes = (
        f"{damaged} line{'s are' if damaged > 1 else ' is'} no JSON object and {'were' if damaged > 1 else 'was'} left out.",
    )
    return Table("JSON lines", tuple(flat(entry) for entry in objects), notes if damaged else ())


def parsed(text: str) -> Any:
    """Return the JSON document in a text, or None. NaN and Infinity are accepted, as Python writes them."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def flat(entry: Mapping[str, Any], prefix: str = "", depth: int = DEPTH) -> dict[str, float]:
    """Return the numbers of an object, those of inner objects under `outer/inner`. Text such as "nan" counts as a number."""
    found: dict[str, float] = {}
    for key, value in entry.items():
        name = f"{prefix}{key}".strip()
        if isinstance(value, Mapping):
            found |= flat(value, f"{name}/", depth - 1) if depth else {}
        elif (cell := number(value)) is not None:
            found[name] = cell
    return found
