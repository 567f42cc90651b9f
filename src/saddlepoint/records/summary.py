"""The schema of summary.json, and of the lines of cures.jsonl, which a summary repeats.

Both are JSON objects whose keys other programs use. The types of all known values are checked when they are read. Unknown keys
are kept, because a newer version may have written them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint.records.fields import Fields, is_number, is_text
from saddlepoint.records.files import read_json
from saddlepoint.records.result import RESULT_LEVELS

STATES = ("finished", "interrupted", "failed")


def read_summary(path: Path) -> dict[str, Any]:
    """What summary.json holds; empty where there is no such file.

    Raises:
        RunError: it cannot be read, or a field has another type than it is written with.
    """
    if not path.exists():
        return {}
    value = read_json(path)
    check_summary(Fields(value, str(path)))
    return value


def check_summary(fields: Fields) -> None:
    """Raise RunError for a field of a summary that has the wrong type; every field may be absent."""
    for name in ("headline", "verdict", "advice", "health", "process", "device", "precision"):
        fields.text(name, None)
    fields.choice("state", STATES, None)
    fields.integer("step", None)
    fields.number("seconds", None)
    fields.boolean("pictures", None)
    fields.mapping("session_seconds", None, is_number)
    fields.mapping("quality", None, lambda value: value is None or is_number(value))
    fields.mapping("players", None, lambda value: is_number(value) and _is_count(value))
    fields.mapping("versions", None, is_text)
    result = fields.section("result", None)
    if result is not None:
        check_result(result)
    best = fields.section("best", None)
    if best is not None:
        best.integer("step")
        best.text("series")
        for name in ("value", "behind", "behind_error"):
            best.number(name, None)
    data = fields.section("data", None)
    if data is not None:
        for name in ("name", "kind", "fingerprint"):
            data.text(name, None)
        for name in ("examples", "held_out"):
            data.integer(name, None)
        data.sequence("shape", None, lambda value: is_number(value) and _is_count(value))
        data.sequence("classes", None, is_text)
    model = fields.section("model", None)
    if model is not None:
        model.text("family", None)
        model.mapping("networks", None, is_text)
    for number, cure in enumerate(fields.sequence("cures", None) or (), 1):
        checked_cure(cure, f"{fields.where}: cures, {number}")


def check_result(result: Fields) -> None:
    """Raise RunError for a field of a result (see `saddlepoint.records.Result`) that has the wrong type."""
    if result.value.get("level") is not None:
        result.choice("level", RESULT_LEVELS)
    result.number("score")
    result.integer("samples")
    for name in ("features", "against", "reason"):
        result.text(name)
    for number, entry in enumerate(result.sequence("aspects"), 1):
        aspect = Fields(entry, f"{result.where}: aspects, {number}")
        aspect.text("name")
        for name in ("value", "real", "share"):
            aspect.number(name)
        aspect.number("worst_case", 0.0)
        for name in ("error", "p_value"):
            aspect.number(name, None)


def checked_cure(line: Any, where: str) -> dict[str, Any]:
    """One line of cures.jsonl, whose fields are those of `saddlepoint.experiment.interventions.Intervention`.

    Raises:
        RunError: a field is missing or has another type.
    """
    fields = Fields(line, where)
    for name in ("code", "title"):
        fields.text(name)
    fields.integer("number", low=1, high=1_000_000)
    for name in ("found", "since", "returned_to"):
        fields.integer(name)
    fields.integer("rung", low=-1_000)
    fields.mapping("changes", each=_is_pair)
    return dict(line)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


def _is_count(value: Any) -> bool:
    return not isinstance(value, str) and math.isfinite(value) and value >= 0 and float(value).is_integer()


def known_cure(line: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a checked cure that this version knows."""
    names = ("number", "code", "title", "found", "since", "returned_to", "rung", "changes")
    return {name: line[name] for name in names}
