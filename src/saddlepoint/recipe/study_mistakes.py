"""What is wrong with a study file, in one sentence that names the setting, its value, and how it is written."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from saddlepoint.errors import shortened, suggestion
from saddlepoint.settings import refusal
from saddlepoint.studies.settings import (
    AxisSettings,
    ConvergenceSettings,
    HeatMapPicture,
    MeasureSettings,
    OutcomeName,
    PowerLawPicture,
    SeedSettings,
    StudySettings,
    SurvivalPicture,
)
from saddlepoint.yaml_text import write_line

_PICTURES: dict[str, type[BaseModel]] = {
    "survival": SurvivalPicture,
    "heat map": HeatMapPicture,
    "power law": PowerLawPicture,
}
_SECTIONS: dict[str, type[BaseModel]] = {
    "seeds": SeedSettings,
    "measure": MeasureSettings,
    "convergence": ConvergenceSettings,
}
# How a setting is written that came as something else than a section or a list.
_WRITTEN = {
    "seeds": "seeds: {count: 8}",
    "axes": "axes: {training.steps: [500, 1000]}",
    "overrides": "overrides: {training.steps: 500}",
    "measure": "measure: {outcomes: [wasserstein]}",
    "measure.convergence": "convergence: {every: 1}",
    "pictures": "pictures: [{kind: survival}]",
    "base": "base: toy-gaussian-1",
}


def explained(error: ValidationError) -> str:
    """The first mistake in one sentence; how many more there are."""
    first, *rest = error.errors()
    path = [str(part) for part in first["loc"]]
    if path[:1] == ["base"]:  # a name or the content of a recipe: the validator tells of both
        path, rest = ["base"], []
    name = ".".join(path)
    more = f" ({len(rest)} more like it.)" if rest else ""
    kind, value = first["type"], first["input"]
    if kind == "extra_forbidden":
        return f"there is no setting {name}.{_nearest(path)}{more}"
    if kind.startswith("value_error"):
        return f"{name + ': ' if name else ''}{first['msg'].removeprefix('Value error, ')}.{more}"
    if kind.startswith("union_tag") or (path[0] == "pictures" and len(path) == 2):
        own = value.get("kind") if isinstance(value, dict) else None
        said = f'there is no kind of picture "{own}"' if own else f"{_said(value)} names no kind of picture"
        return f"{name}: {said}: write {{kind: survival}}, or heat map or power law.{more}"
    written = _written(path, value) if kind.endswith("_type") else ""
    if written:
        return f"{name} cannot be {_said(value)}: write {written}.{more}"
    near = suggestion(str(value), get_args(OutcomeName)) if kind == "literal_error" else ""
    return f"{refusal(name, first, _said(value))}.{near}{more}"


def _written(path: list[str], value: Any) -> str:
    """How the setting is written; nothing for one that is a single value."""
    name = ".".join(path)
    if path == ["seeds"]:
        if isinstance(value, int) and value > 0:
            return f"seeds: {{count: {int(value)}}}"
        if (
            isinstance(value, list)
            and value
            and all(isinstance(seed, int) for seed in value)
            and value == [value[0] + n for n in range(len(value))]
        ):
            return f"seeds: {{count: {len(value)}, first: {value[0]}}}"
    if name in _WRITTEN:
        return _WRITTEN[name]
    if path[0] == "axes" and len(path) == 2:
        return f"{path[1]}: {_listed(value)}, the values along the axis"
    if (path[0] == "axes" and len(path) == 4) or path[0] == "measure" or path[-1] == "by":
        return f"{path[-1]}: {_listed(value)}"
    return ""


def _said(value: Any) -> str:
    """As YAML writes it."""
    return shortened(write_line({"it": value}).removeprefix("it: "))


def _listed(value: Any) -> str:
    return "[...]" if value is None or isinstance(value, dict) else _said([value])


def _nearest(path: list[str]) -> str:
    """The known setting nearest to a path that does not exist."""
    *above, last = path
    section: type[BaseModel] = StudySettings
    if above and above[0] == "axes":
        section = AxisSettings
    elif above and above[0] == "pictures":
        section = _PICTURES.get(above[-1], SurvivalPicture)
    elif above:
        section = _SECTIONS.get(above[-1], StudySettings)
    near = suggestion(last, section.model_fields)
    return near.replace('"', f'"{".".join(above)}.', 1) if near and above else near
