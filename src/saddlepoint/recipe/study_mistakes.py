"""Error messages for study files: one sentence with the setting, its value, and an example of its correct form."""

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
# Correct examples of settings that are sections or lists.
_EXAMPLES = {
    "seeds": "seeds: {count: 8}",
    "axes": "axes: {training.steps: [500, 1000]}",
    "overrides": "overrides: {training.steps: 500}",
    "measure": "measure: {outcomes: [wasserstein]}",
    "measure.convergence": "convergence: {every: 1}",
    "pictures": "pictures: [{kind: survival}]",
    "base": "base: toy-gaussian-1",
}


def explain(error: ValidationError) -> str:
    """Describe the first mistake in one sentence, and state how many more there are."""
    first, *rest = error.errors()
    path = [str(part) for part in first["loc"]]
    if path[:1] == ["base"]:  # a name or the content of a recipe: the validator reports one error for each
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
        reason = f'there is no kind of picture "{own}"' if own else f"{_yaml_text(value)} names no kind of picture"
        return f"{name}: {reason}: write {{kind: survival}}, or heat map or power law.{more}"
    example = _example(path, value) if kind.endswith("_type") else ""
    if example:
        return f"{name} cannot be {_yaml_text(value)}: write {example}.{more}"
    near = suggestion(str(value), get_args(OutcomeName)) if kind == "literal_error" else ""
    return f"{refusal(name, first, _yaml_text(value))}.{near}{more}"


def _example(path: list[str], value: Any) -> str:
    """A correct example of a section or list, if possible with the given value; empty for a single value."""
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
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    if path[0] == "axes" and len(path) == 2:
        return f"{path[1]}: {_list_text(value)}, the values along the axis"
    if (path[0] == "axes" and len(path) == 4) or path[0] == "measure" or path[-1] == "by":
        return f"{path[-1]}: {_list_text(value)}"
    return ""


def _yaml_text(value: Any) -> str:
    """The value as YAML, shortened."""
    return shortened(write_line({"it": value}).removeprefix("it: "))


def _list_text(value: Any) -> str:
    """The value as the only entry of a list in YAML."""
    return "[...]" if value is None or isinstance(value, dict) else _yaml_text([value])


def _nearest(path: list[str]) -> str:
    """A suggestion of the known setting nearest to an unknown one."""
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
