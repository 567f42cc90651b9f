"""Study files: load a study by name, path or content, and expand its axes into one recipe for each point."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from saddlepoint.arguments import check_path
from saddlepoint.errors import SettingError
from saddlepoint.recipe.recipe import Recipe
from saddlepoint.recipe.sources import Sources
from saddlepoint.recipe.study_mistakes import explain
from saddlepoint.studies.settings import ConvergenceSettings, MeasureSettings, Point, SeedSettings, StudySettings
from saddlepoint.yaml_text import read_yaml, write_yaml

FILE = "study.yaml"  # in a study's folder
MOST_RUNS = 1_000_000
_SOURCES = Sources(
    "study",
    resources.files("saddlepoint") / "recipes" / "studies",
    "saddlepoint study --list",
    example="`base:` and `axes:`",
)


def load_study(source: str | Path | Mapping[str, Any] | StudySettings) -> StudySettings:
    """Load a study.

    Args:
        source: the name of a ready-made study, a YAML file, a study folder, or the content. The name of a file is the
            default of the study's `name`.

    Returns:
        The study.

    Raises:
        SettingError: there is no such study, or it has an unknown setting or an invalid value.
    """
    if isinstance(source, StudySettings):
        return source
    if isinstance(source, Mapping):
        return _validate(source, "study")
    path = check_path("study", "the study", source, "the name of a study, or ")
    if path.is_dir():
        source = path / FILE
        if not source.is_file():
            raise SettingError(f"{path} is not the folder of a study: it has no {FILE}.")
    text, where = _SOURCES.read(source)
    content = _SOURCES.content(text, where)
    if Path(source).is_file():
        content = {"name": Path(source).stem} | content
    return _validate(content, where)


def shipped_studies() -> list[str]:
    """Return the names of the ready-made studies, in alphabetical order."""
    return _SOURCES.names()


def study_setting_names() -> list[str]:
    """Return the dotted names of a study's settings that the command line may change."""
    sections: dict[str, type[BaseModel]] = {
        "seeds": SeedSettings,
        "measure": MeasureSettings,
        "measure.convergence": ConvergenceSettings,
    }
    return ["lanes", *(f"{section}.{name}" for section, settings in sections.items() for name in settings.model_fields)]


def override_study(study: StudySettings, changes: Mapping[str, Any]) -> StudySettings:
    """Change settings of a study by dotted name.

    Args:
        study: the study.
        changes: values by name, of the study itself (`seeds.count`) or of its base recipe (`training.steps`). A value may
            be text as on a command line.

    Returns:
        The new study.

    Raises:
        SettingError: neither the study nor its base has such a setting, or a value is invalid.
    """
    content = study.model_dump(mode="json")
    for name, value in changes.items():
        section, _, field = name.partition(".")
        if section in ("seeds", "measure") or not field:
            below: Any = content
            for part in name.split(".")[:-1]:
                below[part] = dict(below[part] or {}) if isinstance(below, dict) and part in below else {}
                below = below[part]
            below[name.split(".")[-1]] = read_yaml(value) if isinstance(value, str) else value
        else:
            content["overrides"][name] = value
    return _validate(content, "study")


def resolve_bases(study: StudySettings) -> StudySettings:
    """Replace the names of base recipes by their content, so that the file of the study suffices to repeat it."""
    axes = {}
    for name, axis in study.axes.items():
        variants = {
            key: {**settings, "base": _recipe(settings["base"]).model_dump(mode="json")}
            if "base" in settings
            else settings
            for key, settings in axis.variants.items()
        }
        axes[name] = axis.model_copy(update={"variants": variants})
    return study.model_copy(update={"base": _recipe(study.base).model_dump(mode="json"), "axes": axes})


def study_text(study: StudySettings) -> str:
    """Return the study as YAML that `load_study` reads, with all defaults."""
    return write_yaml(study.model_dump(mode="json"))


def points(study: StudySettings) -> list[Point]:
    """Return all combinations of the axes' values; the last axis varies fastest.

    Raises:
        SettingError: an axis has an unknown setting or an invalid value, or there are more than MOST_RUNS runs.
    """
    lengths = [len(axis) for axis in study.axes.values()]
    found: list[Point] = []
    runs = study.seeds.count
    for length in lengths:
        runs *= length
    if runs > MOST_RUNS:
        raise SettingError(f"study {study.name} has {runs:,} runs; the maximum is {MOST_RUNS:,}.")
    bases: dict[str, Recipe] = {}
    for positions in itertools.product(*(range(length) for length in lengths)):
        where = f"study {study.name}"
        base: Any = study.base
        changes: dict[str, Any] = dict(study.overrides)
        widths: dict[str, int] = {}
        for axis, position in zip(study.axes.values(), positions, strict=True):
            settings, own = axis.at(position)
            base = settings.pop("base", base)
            changes |= settings
            widths |= own
        key = repr(base)
        if key not in bases:
            bases[key] = _recipe(base)
        values = {
            name: axis.labels[position] for (name, axis), position in zip(study.axes.items(), positions, strict=True)
        }
        flat = _flatten(changes)
        recipe = bases[key].override(flat, where=where)
        recipe = recipe.override(dict(_hidden_layers(recipe, widths, where)), where=where)
        written = frozenset(flat) | frozenset(() if isinstance(base, str) else _flatten(base))
        found.append(Point(values, recipe.data, recipe.model, recipe.training, written))
    return found


def _recipe(base: str | Mapping[str, Any]) -> Recipe:
    return Recipe.load(base) if isinstance(base, str) else Recipe.from_mapping(base, "the study's base")


def _flatten(changes: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted name; the arguments of the user's own networks stay nested."""
    flat: dict[str, Any] = {}
    for name, value in changes.items():
        if isinstance(value, Mapping) and not f"{prefix}{name}".endswith("arguments"):
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _hidden_layers(recipe: Recipe, widths: Mapping[str, int], where: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The setting `hidden` of each network whose width is varied; the number of layers stays that of the recipe."""
    for name, width in widths.items():
        network: Any = recipe
        for part in name.split("."):
            network = getattr(network, part, None)
        if not hasattr(network, "hidden"):
            known = [f"model.{role}" for role, value in recipe.model if hasattr(value, "hidden")]
            raise SettingError(
                f"{where}: {name} is not a network of this model with a width to vary; its networks are {', '.join(known)}."
            )
        yield f"{name}.hidden", (width,) * len(network.hidden)


def _validate(content: Mapping[str, Any], where: str) -> StudySettings:
    try:
        return StudySettings.model_validate(content)
    except ValidationError as error:
        raise SettingError(f"{where}: {explain(error)}") from None
