"""A recipe says everything a run needs: data + model + training + evaluation settings. It alone repeats the run.

A recipe comes from a name (`dcgan-digits`), a YAML file or a run folder, is changed by overrides with dotted names
(`training.steps`), and is saved whole, defaults included. This module knows the `settings.py` files and nothing else,
so that the command line, forms and docs can use it without torch.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.models.settings import GANSettings, ModelSettings
from saddlepoint.training.settings import PlayerSettings, TrainingSettings

FAMILIES: dict[str, type[BaseModel]] = {
    settings.model_fields["family"].default: settings for settings in get_args(get_args(ModelSettings)[0])
}
_PLAYERS = [name for name, field in TrainingSettings.model_fields.items() if field.annotation is PlayerSettings]
_SHIPPED = resources.files("saddlepoint") / "recipes"
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class _Loader(yaml.SafeLoader):
    """YAML that reads 1e-4 as a number: YAML 1.1, which PyYAML follows, demands a dot in it."""


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that `_Loader` would read as numbers."""


for _reader in (_Loader, _Dumper):
    _number = re.compile(r"[-+]?(\d[\d_]*(\.\d*)?|\.\d+)[eE][-+]?\d+$")
    _reader.add_implicit_resolver("tag:yaml.org,2002:float", _number, list("-+.0123456789"))


class Recipe(BaseModel):
    """Data, model, training and evaluation settings under one name; immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("recipe", description="Names the run's folder where none is given.")
    description: str = Field("", description="One sentence on what this recipe shows.")
    data: DataSettings = Field(DataSettings(), description="What to train on.")
    model: ModelSettings = Field(GANSettings(), description="Which model.")
    training: TrainingSettings = Field(TrainingSettings(), description="How to train it.")
    evaluation: EvaluationSettings = Field(EvaluationSettings(), description="What to measure meanwhile.")

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """The recipe of this name, YAML file or run folder.

        Raises:
            SettingError: there is none, or it holds a setting that does not exist or does not fit.
        """
        path = Path(source)
        if path.is_dir():
            if not (path / "recipe.yaml").is_file():
                raise SettingError(
                    f"{path} is a folder without a recipe.yaml. To train on images in it: "
                    f"saddlepoint train dcgan-images --data.source {path}"
                )
            path = path / "recipe.yaml"
        elif not path.is_file():
            if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
                raise SettingError(f"There is no recipe file {path}. `saddlepoint recipes` lists the ready-made ones.")
            known = shipped_names()
            if str(source) not in known:
                raise SettingError(
                    f'There is no recipe "{source}".{suggestion(str(source), known)} `saddlepoint recipes` lists all.'
                )
            return cls.parse((_SHIPPED / f"{source}.yaml").read_text(encoding="utf-8"), where=f"recipe {source}")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise SettingError(f"{path} is not a recipe (YAML text). {_training_on(path)}") from None
        except OSError as error:
            raise SettingError(f"{path} cannot be read: {error.strerror}.") from None
        return cls.parse(text, where=str(path))

    @classmethod
    def parse(cls, text: str, where: str = "recipe") -> Self:
        """The recipe written in a YAML text; `where` names it in error messages."""
        try:
            content = yaml.load(text, _Loader)
        except yaml.YAMLError as error:
            raise SettingError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from None
        if not isinstance(content, dict):
            raise SettingError(f"{where} holds no settings: expected lines such as `data:` and `model:`.")
        return cls.from_mapping(content, where)

    @model_validator(mode="after")
    def _settings_have_players(self) -> Self:
        for role in _PLAYERS:
            if not hasattr(self.model, role) and getattr(self.training, role) != PlayerSettings():
                raise ValueError(
                    f"training.{role} sets a {role}, which the family {self.model.family} has not: set "
                    "training.optimiser instead"
                )
        return self

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any], where: str = "recipe") -> Self:
        """Validate nested settings; raises SettingError that names the setting, the value, and the nearest known name."""
        try:
            return cls.model_validate(_over_defaults(content))
        except ValidationError as error:
            raise SettingError(f"{where}: {_explain(error)}") from None

    def override(self, changes: Mapping[str, Any], where: str = "recipe") -> Self:
        """This recipe with settings changed by dotted name: `{"training.steps": 500, "model.beta": 4}`.

        A value may be text as typed on a command line ("1e-4", "64,64", "none"). A new `model.family` starts from that
        family's defaults.
        """
        content = self.model_dump(mode="json")
        family = changes.get("model.family")
        if family is not None and family != self.model.family:
            content["model"] = {"family": family}
            players = FAMILIES[family].model_fields if family in FAMILIES else ()
            content["training"] |= {role: {} for role in _PLAYERS if role not in players}
        known = {entry.name: entry for entry in fields(type(self), content)}
        for name, value in changes.items():
            if name not in known and not _within_free_form(name):
                raise SettingError(f"{where}: {_unknown(name, content)}")
            *sections, last = name.split(".")
            place = content
            for section in sections:
                place = place.setdefault(section, {})
            place[last] = _from_text(value, known[name].annotation if name in known else Any)
        return self.from_mapping(content, where)

    def to_yaml(self) -> str:
        """The whole recipe, defaults included, as YAML that `parse` reads back."""
        content = self.model_dump(mode="json")
        return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))

    def _repr_html_(self) -> str:
        import html

        return f"<pre>{html.escape(self.to_yaml())}</pre>"


def shipped_names() -> list[str]:
    """The names of the ready-made recipes, in alphabetical order."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _SHIPPED.iterdir() if entry.name.endswith(".yaml"))


@dataclass(frozen=True)
class SettingField:
    """One setting as a form, a flag or a page of documentation shows it."""

    name: str
    annotation: Any
    default: Any
    help: str

    @property
    def type_text(self) -> str:
        """The type in words a user reads: "int", "crop | pad | stretch", "float or none"."""
        return _type_text(self.annotation)


def fields(
    settings: type[BaseModel], content: Mapping[str, Any] | None = None, prefix: str = ""
) -> Iterator[SettingField]:
    """All settings below a settings class by dotted name; `content` decides which class of a family a section has."""
    for name, field in settings.model_fields.items():
        value = (content or {}).get(name)
        section = _section(field.annotation, value)
        if section is not None:
            yield from fields(section, value if isinstance(value, Mapping) else None, f"{prefix}{name}.")
        else:
            yield SettingField(f"{prefix}{name}", field.annotation, field.default, field.description or "")


def _training_on(path: Path) -> str:
    """How to train on a file that was given where a recipe belongs."""
    if path.suffix.lower() in _PICTURES:
        return "To train on pictures, put them into a folder: saddlepoint train dcgan-images --data.source FOLDER"
    return f"To train on it: saddlepoint train gan-digits --data.source {path}"


def _section(annotation: Any, value: Any) -> type[BaseModel] | None:
    """The settings class behind an annotation, chosen by `family` where there are several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    choices = [a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
    if not choices:
        return None
    family = value.get("family") if isinstance(value, Mapping) else None
    return next((c for c in choices if c.model_fields["family"].default == family), choices[-1])


def _over_defaults(content: Mapping[str, Any]) -> dict[str, Any]:
    """`content` laid over the defaults of its family: a network of which only the width is given keeps the activation
    that the family gives to that player, not the one that networks have in general."""
    model = content.get("model")
    family = model.get("family") if isinstance(model, Mapping) else None
    settings = FAMILIES.get(family or GANSettings().family) if isinstance(family, str | None) else None
    return _merge({"model": settings().model_dump()} if settings else {}, content)


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        below = merged.get(name)
        merged[name] = _merge(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return merged


def _within_free_form(name: str) -> bool:
    """Whether a dotted name lies inside the arguments of a user's own network, which we cannot know."""
    return ".arguments." in name


def _from_text(value: Any, annotation: Any) -> Any:
    """A typed text as the value it stands for; other values as they are. pydantic does the rest."""
    if not isinstance(value, str) or annotation is str:
        return value
    options = get_args(annotation)
    if get_origin(annotation) is Literal:
        return value
    if value.lower() in ("none", "null") and type(None) in options:
        return None
    is_sequence = any(get_origin(a) is tuple for a in (annotation, *options))
    if str in options and not is_sequence:
        return value
    try:
        is_bare = is_sequence and not value.strip().startswith(("[", "("))
        parsed = yaml.load(f"[{value}]" if is_bare else value, _Loader)
    except yaml.YAMLError:
        return value
    if is_sequence and isinstance(parsed, str):
        return [part.strip() for part in parsed.strip("()[] ").split(",") if part.strip()]
    return parsed


def _type_text(annotation: Any) -> str:
    origin, options = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_text(options[0])
    if origin is Literal:
        return " | ".join(map(str, options))
    if origin in (Union, types.UnionType):
        return " or ".join("none" if option is type(None) else _type_text(option) for option in options)
    if origin is tuple:
        return "list of " + _type_text(options[0])
    return str(getattr(annotation, "__name__", annotation))


def _unknown(name: str, content: Mapping[str, Any] | None) -> str:
    """Why there is no such setting: a slip of the pen, a whole section, or a setting of another family."""
    known = [entry.name for entry in fields(Recipe, content)]
    sections = {known_name[: known_name.rindex(".")] for known_name in known if "." in known_name}
    if name in sections:
        example = next(known_name for known_name in known if known_name.startswith(f"{name}."))
        return f"{name} is a section, not a setting: set one of its settings, such as {example}."
    for theirs, family in FAMILIES.items():
        if name in {entry.name for entry in fields(family, prefix="model.")}:
            return f"{name} is a setting of the family {theirs}, which this model is not."
    return f"there is no setting {name}.{suggestion(name, [*known, *sections])}"


def _explain(error: ValidationError) -> str:
    """The first mistake in one sentence; how many more there are."""
    first, *rest = error.errors()
    path = [str(part) for part in first["loc"]]
    # pydantic names the family's tag between the section and its field; the user never wrote it.
    if len(path) > 1 and path[0] == "model" and path[1] in FAMILIES:
        family: str | None = path.pop(1)
    else:
        family = None
    name = ".".join(path)
    more = f" ({len(rest)} more like it.)" if rest else ""
    if first["type"] == "extra_forbidden":
        return f"{_unknown(name, {'model': {'family': family}} if family else None)}{more}"
    if first["type"].startswith("union_tag"):
        *others, last = FAMILIES
        families = f"{', '.join(others)} or {last}"
        return f"model.family is {first['input'].get('family')!r}; it must be {families}.{more}"
    if not path:
        return f"{first['msg'].removeprefix('Value error, ')}.{more}"
    said = first["msg"]
    return f"{name} cannot be {first['input']!r}: {said[0].lower()}{said[1:]}.{more}"
