"""The list of a recipe's settings by dotted name (`training.steps`), for the command line, forms and documentation."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from saddlepoint.errors import suggestion
from saddlepoint.models.settings import FamilySettings, settings_class
from saddlepoint.open_sections import OpenSection, open_section, split_key
from saddlepoint.settings import Settings

Keys = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class SettingField:
    """A setting as shown in forms, command-line options and the documentation.

    Attributes:
        path: the names of its sections, outermost first, and its own name. A key of an open section may contain dots.
        annotation: its type.
        default: its default value.
        help: one sentence.
        short_for: the field that a plain value in place of the entry sets, such as "weight". Both the entry of an open section
            (`model.penalties.r1`) and that field of it (`model.penalties.r1.weight`) have this attribute; for others it is None.
        is_entry: whether this is a whole entry of an open section.
    """

    path: tuple[str, ...]
    annotation: Any
    default: Any
    help: str
    short_for: str | None = None
    is_entry: bool = False

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.path)

    @property
    def type_text(self) -> str:
        """The type in words: "int", "crop | pad | stretch", "float or none"."""
        return _type_text(self.annotation)


def fields(
    settings: type[BaseModel], content: Mapping[str, Any] | None = None, prefix: str = ""
) -> Iterator[SettingField]:
    """Iterate over all settings of a settings class and its sections.

    Args:
        settings: the class.
        content: its values; they decide which class a section has (by `family`), and which entries an open section has in
            addition to the declared ones.
        prefix: added to every name, such as "model.".

    Yields:
        The settings.
    """
    path = tuple(part for part in prefix.split(".") if part)
    yield from _fields(settings, content or {}, path, _keys(settings, content))


def find(settings: type[BaseModel], name: str, content: Mapping[str, Any] | None = None) -> SettingField | None:
    """Find a setting, or an entry of an open section, by its dotted name.

    Unlike `fields`, this also finds settings in entries that the recipe does not have but the section allows, and values in
    free mappings (`model.generator.arguments.depth`).

    Args:
        settings: the class.
        name: the dotted name.
        content: values of the class, as for `fields`.

    Returns:
        The setting; None if there is none.
    """
    return _find(settings, name, content or {}, (), _keys(settings, content))


def open_section_at(
    settings: type[BaseModel], path: Sequence[str], content: Mapping[str, Any] | None = None
) -> tuple[tuple[str, ...], OpenSection] | None:
    """Find the open section that a path leads to or into.

    Args:
        settings: the class.
        path: names of sections, outermost first.
        content: values of the class, as for `fields`.

    Returns:
        Its own path, and what it declares; None if there is none on the way.
    """
    value: Any = content
    for end, name in enumerate(path, 1):
        field, value = settings.model_fields.get(name), _below(value, name)
        if field is None:
            return None
        if (opened := open_section(field)) is not None:
            return tuple(path[:end]), opened
        section = _section(field.annotation, value)
        if section is None:
            return None
        settings = section
    return None


def _keys(settings: type[BaseModel], content: Mapping[str, Any] | None) -> Keys:
    return settings.section_keys(content or {}) if issubclass(settings, Settings) else {}


def _fields(settings: type[BaseModel], content: Any, path: tuple[str, ...], keys: Keys) -> Iterator[SettingField]:
    for name, field in settings.model_fields.items():
        value, here = _below(content, name), (*path, name)
        opened = open_section(field)
        if opened is not None:
            declared = keys.get(".".join(here), opened.keys) or ()
            present = [key for key in value if isinstance(key, str)] if isinstance(value, Mapping) else []
            for key in dict.fromkeys([*declared, *present]):
                for entry in _fields(opened.entry, _below(value, key), (*here, key), keys):
                    yield _with_shorthand(entry, opened, (*here, key))
        elif (section := _section(field.annotation, value)) is not None:
            yield from _fields(section, value, here, keys)
        else:
            yield _setting(field, here)


def _find(settings: type[BaseModel], name: str, content: Any, path: tuple[str, ...], keys: Keys) -> SettingField | None:
    head, _, rest = name.partition(".")
    field = settings.model_fields.get(head)
    if field is None:
        return None
    value, here = _below(content, head), (*path, head)
    opened = open_section(field)
    if opened is not None:
        key, rest = split_key(rest)
        declared = keys.get(".".join(here), opened.keys)
        key = _spelt(key, [*(declared or ()), *(value if isinstance(value, Mapping) else ())])
        if not key or not opened.allows(key):
            return None
        if not rest:
            return _entry(opened, field, (*here, key))
        found = _find(opened.entry, rest, _below(value, key), (*here, key), keys)
        if (
            found is None
            and "arguments" in opened.entry.model_fields
            and not suggestion(rest, opened.entry.model_fields)
        ):
            # A name that is not a setting of the entry is an argument of the part: `between.sides`.
            found = _find(opened.entry, f"arguments.{rest}", _below(value, key), (*here, key), keys)
        return found and _with_shorthand(found, opened, (*here, key))
    section = _section(field.annotation, value)
    if section is not None:
        return _find(section, rest, value, here, keys) if rest else None
    if not rest:
        return _setting(field, here)
    if get_origin(field.annotation) is dict:  # a mapping of the user's, with any content
        return SettingField((*here, *rest.split(".")), Any, None, field.description or "")
    return None


def _setting(field: FieldInfo, path: tuple[str, ...]) -> SettingField:
    return SettingField(path, field.annotation, field.default, field.description or "")


def _entry(section: OpenSection, field: FieldInfo, path: tuple[str, ...]) -> SettingField:
    """The setting for a whole entry of an open section: a mapping, its short form, or none."""
    short = section.shorthand
    annotation = section.entry.model_fields[short].annotation if short else section.entry
    return SettingField(path, annotation, None, field.description or "", short, is_entry=True)


def _with_shorthand(entry: SettingField, section: OpenSection, path: tuple[str, ...]) -> SettingField:
    if section.shorthand is None or entry.path != (*path, section.shorthand):
        return entry
    return SettingField(entry.path, entry.annotation, entry.default, entry.help, section.shorthand)


def _spelt(key: str, known: list[str]) -> str:
    """The known spelling of a key: on a command line, hyphens and underscores are equivalent."""
    plain = key.replace("-", "_")
    return next((own for own in known if isinstance(own, str) and own.replace("-", "_") == plain), key)


def _below(content: Any, name: str) -> Any:
    return content.get(name) if isinstance(content, Mapping) else None


def _section(annotation: Any, value: Any) -> type[BaseModel] | None:
    """The settings class of an annotation, chosen by `family` if there are several; None if it is not a section."""
    if annotation is FamilySettings:
        return settings_class(_below(value, "family"))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    choices = [a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
    if not choices or get_origin(annotation) is dict:
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
