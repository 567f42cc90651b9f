"""Recipes: all settings of a run. They are loaded by name or from a file, changed by dotted names, and saved as YAML."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from saddlepoint.arguments import check_mapping, check_path, check_text
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.markup import Markup, html
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.settings import DEFAULT, RECORDED, ModelSettings
from saddlepoint.recipe.bases import BASE, base_source, dotted, identity
from saddlepoint.recipe.earlier_names import current_changes, current_content
from saddlepoint.recipe.fields import SettingField, fields, find
from saddlepoint.recipe.mistakes import explain, unknown
from saddlepoint.recipe.sources import Sources
from saddlepoint.recipe.text import value_of
from saddlepoint.settings import Public, Settings
from saddlepoint.training.settings import TrainingSettings
from saddlepoint.yaml_text import write_line, write_yaml

_SOURCES = Sources(
    "recipe", resources.files("saddlepoint") / "recipes", "saddlepoint recipes", example="`data:` and `model:`"
)
_LIKE = "Like {}, but with "
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class Recipe(Settings, metaclass=Public):
    """Data, model, training and evaluation settings of a run; immutable.

    Attributes:
        name: the default name of the run's folder.
        description: one sentence on what the recipe shows.
        data: what to train on.
        model: which model.
        training: how to train it.
        evaluation: what to measure during training.
    """

    name: str = Field("recipe", description="The default name of the run's folder.")
    description: str = Field("", description="One sentence on what this recipe shows.")
    data: DataSettings = Field(DataSettings(), description="What to train on.")
    model: ModelSettings = Field(GANSettings(), description="Which model.")
    training: TrainingSettings = Field(TrainingSettings(), description="How to train it.")
    evaluation: EvaluationSettings = Field(EvaluationSettings(), description="What to measure during training.")

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """Load a recipe.

        Args:
            source: the name of a ready-made recipe, a YAML file, or a run folder.

        Returns:
            The recipe.

        Raises:
            SettingError: there is no such recipe, or it has an unknown setting or an invalid value.
        """
        return cls._load(source, ())

    @classmethod
    def _load(cls, source: str | Path, built_on: tuple[str, ...]) -> Self:
        """Load a recipe, perhaps as a base of those with the identities `built_on`."""
        path = check_path("recipe", "the recipe", source, "a Recipe, the name of one, or ")
        if path.is_dir():
            if not (path / "recipe.yaml").is_file():
                raise SettingError(
                    f"{path} is a folder without a recipe.yaml. To train on images in it: "
                    f"saddlepoint train dcgan-images --data.source {shlex.quote(str(path))}"
                )
            source = path = path / "recipe.yaml"
        text, where = _SOURCES.read(source, _training_on)
        return cls._build(_SOURCES.content(text, where), where, path.parent, (*built_on, identity(source)))

    @classmethod
    def parse(cls, text: str, where: str = "recipe") -> Self:
        """Read a recipe from YAML.

        Args:
            text: the YAML.
            where: the name of the text in error messages.

        Returns:
            The recipe.

        Raises:
            SettingError: the text is not YAML, or it has an unknown setting or an invalid value.
        """
        check_text(where, "the text", text, "model: {family: gan}")
        return cls.from_mapping(_SOURCES.content(text, where), where)

    @model_validator(mode="before")
    @classmethod
    def _current_names(cls, content: Any) -> Any:
        """Rename settings that had other names in earlier versions."""
        return current_content(content, "recipe") if isinstance(content, Mapping) else content

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if "\n" in name or "\t" in name:
            raise ValueError("a name is one line, without tabs")
        return name

    @classmethod
    def section_keys(cls, content: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        """The players of the family, which are the keys of `training.players`."""
        return {"training.players": _roles(_family(content))}

    @model_validator(mode="after")
    def _players_exist(self) -> Self:
        known = self.model.active_roles
        for role in self.training.players:
            if role in known:
                continue
            if not known:
                raise ValueError(
                    f"training.players.{role}: the family {self.model.family} has no {role}: set training.optimiser instead"
                )
            if role in self.model.roles:
                raise ValueError(f"training.players.{role}: this model has no {role}: set model.{role} too")
            raise ValueError(
                f"training.players.{role}: the family {self.model.family} has no player {role}."
                f"{suggestion(role, known)} Players: {', '.join(known)}"
            )
        return self

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any], where: str = "recipe") -> Self:
        """Validate nested settings.

        Args:
            content: the settings, such as `{"training": {"steps": 500}}`. With "base", the name or file of another recipe, they
                are the settings that differ from it.
            where: the name of the content in error messages.

        Returns:
            The recipe.

        Raises:
            SettingError: a setting is unknown or its value is invalid; the message gives the nearest known name.
        """
        check_mapping(where, "the content", content, '{"training": {"steps": 500}}')
        return cls._build(content, where, Path(), ())

    @classmethod
    def _build(cls, content: Mapping[str, Any], where: str, folder: Path, built_on: tuple[str, ...]) -> Self:
        """Validate nested settings, on top of those of their base.

        Args:
            content: the settings.
            where: the name of the content in error messages.
            folder: that a base given as a path is relative to.
            built_on: the identities of this recipe and of those that build on it, as `base_source` takes them.
        """
        if BASE in content:
            source = base_source(content, where, folder, shipped_names(), built_on)
            try:
                base = cls._load(source, built_on)
            except SettingError as error:
                raise SettingError(f"{where}: base: {error}") from None
            changes = dotted("", {name: value for name, value in content.items() if name != BASE})
            # The description follows the settings as long as the recipe has the name of the ready-made one.
            named: dict[str, Any] = {name: changes.pop(name) for name in ("name", "description") if name in changes}
            changed = base.override(changes, where)
            return changed.override(named, where) if named else changed
        try:
            return cls.model_validate(_over_defaults(current_content(content, where)))
        except ValidationError as error:
            raise SettingError(f"{where}: {explain(error, cls, content)}") from None

    def override(self, changes: Mapping[str, Any], where: str = "recipe") -> Self:
        """Return a copy of this recipe with settings changed by dotted name.

        A new `model.family` starts from the defaults of that family. An entry of an open section is set by its short form or as
        a whole, and removed by None. Names of earlier versions are accepted. If the data or the model of a ready-made recipe
        change, its description is replaced.

        Args:
            changes: values by dotted name, such as `{"training.steps": 500, "model.beta": 4}`. A value may be text as on a
                command line ("1e-4", "64,64", "none").
            where: the name of the recipe in error messages.

        Returns:
            The new recipe.

        Raises:
            SettingError: a setting is unknown or its value is invalid.
        """
        check_mapping(where, "what to change", changes, '{"training.steps": 500}')
        content = self.model_dump(mode="json")
        changes = current_changes(changes, content, where)
        family = changes.get("model.family")
        if family is not None and family != self.model.family:
            content["model"] = {"family": family}
            players = content["training"]["players"]
            content["training"]["players"] = {r: players[r] for r in _default_players(family) if r in players}
        for name, value in changes.items():
            entry = find(type(self), name, content)
            if entry is None:
                raise SettingError(f"{where}: {unknown(name, type(self), content)}")
            _set(content, entry, value, f"{where}: {name}")
        changed = self.from_mapping(content, where)
        return changed if "description" in changes else changed._update_description()

    def settings(self) -> Iterator[tuple[SettingField, Any]]:
        """Iterate over all settings of this family, but for optimiser settings of players that this model does not have.

        Yields:
            The setting and its value as in JSON. If the recipe does not have a declared entry of an open section, the values of
            that entry are None.
        """
        content = self.model_dump(mode="json")
        absent = [("training", "players", role) for role in self.model.roles if role not in self.model.active_roles]
        for entry in fields(type(self), content):
            if tuple(entry.path[:3]) not in absent:
                yield entry, _at(content, entry.path)

    def to_yaml(self, *, whole: bool = True) -> str:
        """Return the recipe as YAML that `parse` reads.

        Args:
            whole: include all settings; otherwise only those that differ from the defaults of the family.
        """
        if whole:
            return write_yaml(self.model_dump(mode="json"))
        family = type(self).from_mapping({"model": {"family": self.model.family}})
        own, default = list(self.settings()), _values(family)
        names = {entry.name for entry, _ in own}
        absent = [(entry, None) for entry, _ in family.settings() if entry.name not in names]
        dump = self.model_dump()
        content: dict[str, Any] = {}
        for entry, value in (*own, *absent):
            if value != default.get(entry.name) or entry.name in ("data.source", "model.family"):
                is_there = len(entry.path) == 1 or _at(dump, entry.path[:-1]) is not None
                _put(content, entry.path if is_there else entry.path[:-1], value)
        return write_yaml(content, compact=True)

    def _update_description(self) -> Self:
        """Replace the description of a ready-made recipe if its data or model were changed."""
        if self.name not in shipped_names():
            return self
        shipped = _shipped(self.name)
        if self.description != shipped.description and not self.description.startswith(_LIKE.format(self.name)):
            return self
        changed: dict[str, Any] = {}
        if (self.data, self.model) != (shipped.data, shipped.model):
            before = _values(shipped)
            changed = {
                name: value
                for name, value in _values(self).items()
                if before.get(name) != value
                # A setting that the description itself offers does not make it wrong.
                and name.startswith(("data.", "model."))
                and f"--{name}" not in shipped.description
            }
        if "model.family" in changed:
            changed = {name: value for name, value in changed.items() if not name.startswith("model.")} | {
                "model.family": changed["model.family"]
            }
        description = f"{_LIKE.format(self.name)}{write_line(changed)}." if changed else shipped.description
        return self.model_copy(update={"description": description})

    def __repr__(self) -> str:
        return f"Recipe({self.name!r}: {self.model.family} on {self.data.source}, {self.training.steps:,} steps)"

    __str__ = __repr__

    def _repr_html_(self) -> Markup:
        return html("<pre>{}</pre>", self.to_yaml())


def recipes() -> dict[str, str]:
    """Return the descriptions of the ready-made recipes by name, in alphabetical order."""
    return {name: Recipe.load(name).description for name in shipped_names()}


def shipped_names() -> list[str]:
    """Return the names of the ready-made recipes, in alphabetical order."""
    return _SOURCES.names()


@cache  # every changed setting is compared with it
def _shipped(name: str) -> Recipe:
    """A ready-made recipe, to be read only."""
    return Recipe.load(name)


def _values(recipe: Recipe) -> dict[str, Any]:
    """The values of all settings by dotted name."""
    return {entry.name: value for entry, value in recipe.settings()}


def _at(content: Any, path: Sequence[str]) -> Any:
    """The value at a path in nested settings; None if an open section has no such entry."""
    for part in path:
        if not isinstance(content, Mapping) or part not in content:
            return None
        content = content[part]
    return content


def _set(content: dict[str, Any], entry: SettingField, value: Any, where: str) -> None:
    """Set a setting, or an entry of an open section, to a value, which may be text as on a command line."""
    is_typed_none = isinstance(value, str) and value.lower() in ("none", "null")
    if is_typed_none and entry.short_for is not None:
        value = None
    value = value_of(value, entry.annotation)
    path = entry.path
    if entry.is_entry and value is not None and not isinstance(value, Mapping):
        if entry.short_for is None:
            raise SettingError(f"{where} is a section, not a setting: set one of its settings.")
        path = (*path, entry.short_for)
    _put(content, path, value)


def _put(content: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set the value at a path in nested settings."""
    *sections, last = path
    for section in sections:
        below = content.setdefault(section, {})
        if not isinstance(below, dict):
            content[section] = below = {}
        content = below
    content[last] = value


def _training_on(path: Path) -> str:
    """Advice on how to train on a data file that was given instead of a recipe."""
    if path.suffix.lower() in _PICTURES:
        return "To train on images, put them into a folder: saddlepoint train dcgan-images --data.source FOLDER"
    return f"To train on it: saddlepoint train gan-digits --data.source {shlex.quote(str(path))}"


def _family(content: Mapping[str, Any]) -> Any:
    """The family in the content of a recipe; the default family if there is none."""
    model = content.get("model")
    family = model.get("family") if isinstance(model, Mapping) else None
    return DEFAULT if family is None else family


def _roles(family: Any) -> tuple[str, ...]:
    """The players of a family that can have their own optimiser settings; empty for an unknown family."""
    return RECORDED[family].settings.roles if isinstance(family, str) and family in RECORDED else ()


def _default_players(family: Any) -> tuple[str, ...]:
    """Those of `_roles` that a model with the defaults of its family has."""
    return RECORDED[family].settings.model_validate({"family": family}).active_roles if _roles(family) else ()


def _over_defaults(content: Mapping[str, Any]) -> dict[str, Any]:
    """Merge `content` into the defaults of its family.

    A network of which only the width is given thus has the activation of that player in its family, instead of the general
    default of networks.
    """
    family = _family(content)
    found = RECORDED.get(family) if isinstance(family, str) else None
    return _merge({"model": found.settings.model_validate({}).model_dump()} if found else {}, content)


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        below = merged.get(name)
        merged[name] = _merge(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return merged
