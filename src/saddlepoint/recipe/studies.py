"""Study files: loaded by name, path or content, and their axes resolved to recipes, one a point."""

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
from saddlepoint.recipe.study_mistakes import explained
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
    """The study of this name, YAML file, study folder or content. A file that does not say its `name` has that of the file.

    Raises SettingError: there is none, or it holds a setting that does not exist or does not fit.
    """
    if isinstance(source, StudySettings):
        return source
    if isinstance(source, Mapping):
        return _validated(source, "study")
    path = check_path("study", "the study", source, "the name of a study, or ")
    if path.is_dir():
        source = path / FILE
        if not source.is_file():
            raise SettingError(f"{path} is a folder without a {FILE}, so it is no study.")
    text, where = _SOURCES.read(source)
    content = _SOURCES.content(text, where)
    if Path(source).is_file():
        content = {"name": Path(source).stem} | content
    return _validated(content, where)


def shipped_studies() -> list[str]:
    """The names of the ready-made studies, in alphabetical order."""
    return _SOURCES.names()


def study_setting_names() -> list[str]:
    """The settings of a study that a command line may change, by dotted name."""
    sections: dict[str, type[BaseModel]] = {
        "seeds": SeedSettings,
        "measure": MeasureSettings,
        "measure.convergence": ConvergenceSettings,
    }
    return ["lanes", *(f"{section}.{name}" for section, settings in sections.items() for name in settings.model_fields)]


def overridden(study: StudySettings, changes: Mapping[str, Any]) -> StudySettings:
    """The study with settings changed by dotted name: its own (`seeds.count`), or its base's (`training.steps`).

    Values may be text as typed on a command line. Raises SettingError for what neither has.
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
    return _validated(content, "study")


def resolved(study: StudySettings) -> StudySettings:
    """The study with its base recipes written out: it alone repeats the study."""
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
    """The study as YAML that `load_study` reads back, with all defaults."""
    return write_yaml(study.model_dump(mode="json"))


def points(study: StudySettings) -> list[Point]:
    """All combinations of the axes' values, the last axis running fastest.

    Raises SettingError for settings that recipes do not have or cannot take, and for more runs than anyone waits for.
    """
    lengths = [len(axis) for axis in study.axes.values()]
    found: list[Point] = []
    runs = study.seeds.count
    for length in lengths:
        runs *= length
    if runs > MOST_RUNS:
        raise SettingError(f"study {study.name}: {runs:,} runs are asked for; {MOST_RUNS:,} is the most.")
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
        recipe = bases[key].override(_flat(changes), where=where)
        recipe = recipe.override(dict(_hidden(recipe, widths, where)), where=where)
        found.append(Point(values, recipe.data, recipe.model, recipe.training))
    return found


def _recipe(base: str | Mapping[str, Any]) -> Recipe:
    return Recipe.load(base) if isinstance(base, str) else Recipe.from_mapping(base, "the study's base")


def _flat(changes: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted name; a user's network's arguments stay as they are."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if isinstance(value, Mapping) and not f"{prefix}{name}".endswith("arguments"):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _hidden(recipe: Recipe, widths: Mapping[str, int], where: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The hidden layers of networks whose width is set: as many as the recipe has."""
    for name, width in widths.items():
        network: Any = recipe
        for part in name.split("."):
            network = getattr(network, part, None)
        if not hasattr(network, "hidden"):
            known = [f"model.{role}" for role, value in recipe.model if hasattr(value, "hidden")]
            raise SettingError(
                f"{where}: {name} is no network of this model whose width could be set; there are {', '.join(known)}."
            )
        yield f"{name}.hidden", (width,) * len(network.hidden)


def _validated(content: Mapping[str, Any], where: str) -> StudySettings:
    try:
        return StudySettings.model_validate(content)
    except ValidationError as error:
        raise SettingError(f"{where}: {explained(error)}") from None
