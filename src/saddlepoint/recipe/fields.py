"""The settings of a recipe one by one, by dotted name (`training.steps`), as help, forms and documentation show them."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from saddlepoint.models.settings import ModelSettings
from saddlepoint.training.settings import PlayerSettings, TrainingSettings

FAMILIES: dict[str, type[BaseModel]] = {
    settings.model_fields["family"].default: settings for settings in get_args(get_args(ModelSettings)[0])
}
PLAYERS = [name for name, field in TrainingSettings.model_fields.items() if field.annotation is PlayerSettings]


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


def _section(annotation: Any, value: Any) -> type[BaseModel] | None:
    """The settings class behind an annotation, chosen by `family` where there are several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    choices = [a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
    if not choices:
        return None
    family = value.get("family") if isinstance(value, Mapping) else None
    return next((c for c in choices if c.model_fields["family"].default == family), choices[-1])


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
