"""Open sections: settings by names that the program does not fix, such as a penalty each or a player each.

A field of settings that is annotated `dict[str, S]`, S being settings, is an open section where it says which keys it takes::

    penalties: dict[str, PenaltySettings] = Field(
        default_factory=dict, json_schema_extra={"keys": ("r1", "r2"), "own": True}
    )

`keys` lists the keys; None means that the class which holds the section checks them. With `own`, the import path of a user's
own part (`package.module:Name`) is a key too; `example` shows the whole section in YAML for messages. S may name one of its fields as its short form, `shorthand: ClassVar[str] =
"weight"`: then `penalties: {r1: 0.1}` means `penalties: {r1: {weight: 0.1}}`. An entry that is none is no entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from saddlepoint.errors import shortened, suggestion

UNKNOWN_KEY = "unknown_key"  # pydantic's type of the error; its context has `name`, of section and key
# An import path has dots of its own: package.module:Name.
_KEY = re.compile(r"([^:]+:[^.]+|[^.]+)(?:\.(.*))?", re.DOTALL)


@dataclass(frozen=True)
class OpenSection:
    """What a field of this kind declares.

    Attributes:
        entry: the settings of one entry.
        keys: the keys that there are; None where another class checks them.
        own: whether import paths are keys.
        example: of the whole section in YAML, for messages; empty where the field declares none.
    """

    entry: type[BaseModel]
    keys: tuple[str, ...] | None
    own: bool
    example: str = ""

    @property
    def shorthand(self) -> str | None:
        """The field of an entry that a plain value stands for."""
        return getattr(self.entry, "shorthand", None)

    def allows(self, key: str) -> bool:
        """Whether an entry may have this key."""
        return self.keys is None or key in self.keys or (self.own and is_import_path(key))

    def normalised(self, name: str, content: Mapping[Any, Any]) -> dict[Any, Any]:
        """The entries as mappings: short forms written out, entries that are none left out.

        Args:
            name: of the section, for errors.
            content: the entries as they are written.

        Raises:
            PydanticCustomError: a key is not among those declared (a ValueError, of the type `UNKNOWN_KEY`).
        """
        entries: dict[Any, Any] = {}
        for key, value in content.items():
            if self.is_none(value):
                continue
            if isinstance(key, str) and not self.allows(key):
                known = ", ".join(self.keys or ())
                raise PydanticCustomError(
                    UNKNOWN_KEY,
                    "there is no {name}.{near} Known: {known}",
                    {"name": f"{name}.{shortened(key, 80)}", "near": suggestion(key, self.keys or ()), "known": known}
                    | {"own": ", or module:Name of your own" if self.own else ""},
                )
            is_short = self.shorthand is not None and not isinstance(value, Mapping | BaseModel)
            entries[key] = {self.shorthand: value} if is_short else value
        return entries

    def is_none(self, value: Any) -> bool:
        """Whether a value stands for no entry: None, or an entry whose short form is None and cannot be."""
        if not isinstance(value, Mapping) or self.shorthand is None:
            return value is None
        takes_none = type(None) in get_args(self.entry.model_fields[self.shorthand].annotation)
        return not takes_none and value.get(self.shorthand, self) is None


def open_section(field: FieldInfo) -> OpenSection | None:
    """The open section that a field is; None for every other field."""
    extra = field.json_schema_extra
    if not isinstance(extra, dict) or "keys" not in extra or get_origin(field.annotation) is not dict:
        return None
    entry = get_args(field.annotation)[1]
    keys: Any = extra["keys"]
    own, example = bool(extra.get("own", False)), str(extra.get("example", ""))
    return OpenSection(entry, None if keys is None else tuple(keys), own, example)


@cache
def open_sections(settings: type[BaseModel]) -> dict[str, OpenSection]:
    """The open sections directly below a settings class, by the field's name."""
    found = {name: open_section(field) for name, field in settings.model_fields.items()}
    return {name: section for name, section in found.items() if section is not None}


def is_import_path(key: str) -> bool:
    """Whether a key names a user's own part, `package.module:Name`."""
    return ":" in key and all(key.split(":", 1))


def split_key(name: str) -> tuple[str, str]:
    """The key of an entry at the beginning of a dotted name, and the rest: `("r1", "weight")` of `r1.weight`."""
    found = _KEY.fullmatch(name)
    return (found[1], found[2] or "") if found else (name, "")
