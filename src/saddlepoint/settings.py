"""What all settings have in common: they are immutable, take no unknown names, and hold values that the program can carry.

Values come from files, command lines and other programs. Each number fits into the types that it is computed with, and
each text can be printed and saved again; a field that needs tighter bounds declares them itself.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from annotated_types import Le, Lt
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from saddlepoint.arguments import shown
from saddlepoint.errors import SettingError, printable, suggestion
from saddlepoint.open_sections import open_sections

LARGEST_COUNT = 10**12  # of steps, examples, units, ...
LARGEST_INTEGER = 2**63 - 1  # what torch takes, for seeds
LARGEST_FLOAT = 1e38  # float32 ends at 3.4e38
LONGEST_TEXT = 10_000  # characters
DEEPEST = 50  # nested lists and mappings


class Public(type(BaseModel)):  # type: ignore[misc]  # pydantic does not export its metaclass
    """The metaclass of settings that users make themselves: what is wrong with their arguments is one sentence,
    and their help is about them.

    Validation of files and nested settings does not pass here, and keeps its ValidationError.
    """

    def __new__(mcs, *arguments: Any, **options: Any) -> Any:
        """Create the class. `schema`, the name of one of pydantic's deprecated methods, may be a setting; other warnings stay."""
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", message='Field name "schema" .* shadows an attribute', category=UserWarning
            )
            return super().__new__(mcs, *arguments, **options)

    def __call__(cls, *arguments: Any, **values: Any) -> Any:
        """Make the settings; raises SettingError for values that they cannot take."""
        if arguments:
            raise SettingError(
                f"{cls.__name__}: give its settings by name, such as {cls.__name__}({_example(cls)}=...)."
            )
        try:
            return super().__call__(**values)
        except ValidationError as error:
            first, *rest = error.errors()
            name = ".".join(map(str, first["loc"]))
            more = f" ({len(rest)} more like it.)" if rest else ""
            if first["type"] == "extra_forbidden":
                near = suggestion(name, cls.model_fields)
                raise SettingError(f"{cls.__name__}: there is no setting {name}.{near}{more}") from None
            raise SettingError(f"{cls.__name__}: {refusal(name, first, shown(first['input']))}.{more}") from None

    def __dir__(cls) -> list[str]:
        """What settings have beyond pydantic's own names, so that `help` and completion show these alone."""
        inherited = dir(BaseModel)
        return [name for name in super().__dir__() if not name.startswith("_") and name not in inherited]


def is_finite(value: Any) -> bool:
    """Whether every number in a value, also in nested mappings and lists, is finite."""
    if isinstance(value, Mapping):
        return all(map(is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _example(cls: Any) -> str:
    return next(iter(cls.model_fields), "name")


class Settings(BaseModel):
    """Base of all settings. A whole number is at most `LARGEST_COUNT` where its field has no upper bound of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Numbers of which 0 switches something off: replicas that are trained together agree on whether they are 0.
    switches: ClassVar[tuple[str, ...]] = ()

    # By the name of a setting: the setting of the same class that it depends on, and the values of that with which it has an
    # effect; without such values, any but 0, false and "none".
    used_with: ClassVar[Mapping[str, tuple[Any, ...]]] = {}

    @classmethod
    def section_keys(cls, content: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        """The keys of open sections below this class that depend on its other settings, by the section's dotted name.

        Args:
            content: the settings as they are written, perhaps incomplete or wrong.
        """
        return {}

    @model_validator(mode="before")
    @classmethod
    def _entries(cls, content: Any) -> Any:
        """Write out the short forms of open sections."""
        sections = open_sections(cls)
        if not sections or not isinstance(content, Mapping):
            return content
        written = {
            name: section.normalised(name, content[name])
            for name, section in sections.items()
            if isinstance(content.get(name), Mapping)
        }
        return {**content, **written}

    @field_validator("*", mode="after")
    @classmethod
    def _fits(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse values that cannot be computed with, printed or saved."""
        check_value(value)
        if isinstance(value, int) and value > LARGEST_COUNT and info.field_name is not None:
            bounds = cls.model_fields[info.field_name].metadata
            if not any(isinstance(bound, Le | Lt) for bound in bounds):
                raise _error(f"it must be at most {LARGEST_COUNT:,}")
        return value


_TOO_MANY_BITS = "whole numbers have at most 63 bits here (9.2e18)"
# By pydantic's names of errors: what the value must be. Braces are the error's context.
_REASONS: dict[str, str] = {
    "int_parsing_size": _TOO_MANY_BITS,
    "finite_number": "it must be a finite number",
    "greater_than": "it must be greater than {gt:g}",
    "greater_than_equal": "it must be at least {ge:,}",
    "less_than": "it must be less than {lt:,}",
    "less_than_equal": "it must be at most {le:,}",
    "multiple_of": "it must be a multiple of {multiple_of:,}",
    "literal_error": "it must be {expected}",
    "enum": "it must be {expected}",
    "too_short": "it must have at least {min_length:,} entries",
    "too_long": "it must have at most {max_length:,} entries",
    "string_too_short": "it must have at least {min_length:,} characters",
    "string_too_long": "it must have at most {max_length:,} characters",
    "int": "it must be a whole number",
    "float": "it must be a number",
    "decimal": "it must be a number",
    "bool": "it must be true or false",
    "string": "it must be text",
    "list": "it must be a list",
    "tuple": "it must be a list",
    "set": "it must be a list",
    "dict": "it must be settings by name",
    "mapping": "it must be settings by name",
    "model": "it must be settings by name",
}


def refusal(name: str, error: Mapping[str, Any], value: str) -> str:
    """Which setting was refused and why: a sentence without its full stop.

    Args:
        name: the setting's dotted name.
        error: one of pydantic's `ValidationError.errors()`.
        value: what was given, as the message shows it.
    """
    if error["type"] != "missing":
        return f"{name} cannot be {value}: {reason(error)}"
    last = error["loc"][-1]
    if isinstance(last, int):
        return f"{name.rpartition('.')[0]} cannot be {value}: entry {last + 1} is missing"
    return f"{name} is missing"


def reason(error: Mapping[str, Any]) -> str:
    """Why a value was refused, as the rest of a sentence.

    Args:
        error: one of pydantic's `ValidationError.errors()`.

    Returns:
        In lower case and without a full stop, such as "it must be at least 1".
    """
    kind = error["type"]
    words = _REASONS.get(kind) or _REASONS.get(kind.partition("_")[0])
    if words is None or kind == "unusable":
        said = str(error["msg"]).removeprefix("Value error, ")
        return said[:1].lower() + said[1:]
    return words.format(**error.get("ctx", {}))


def part_name(
    name: str,
    known: Iterable[str],
    kind: str,
    own: bool = True,
    elsewhere: Mapping[str, str] | None = None,
    together_with: Mapping[str, str] | None = None,
) -> str:
    """The name itself, if it is that of a known part, or the import path `module:Name` of the user's own.

    Args:
        name: as it was given.
        known: the names of the built-in parts.
        kind: what the part is, for the message: "loss", "penalty".
        own: whether an import path is allowed.
        elsewhere: names of such parts in other programs, in lower case with hyphens, and the built-in part that each means.
        together_with: by such names, what has to be set besides.

    Raises:
        ValueError: there is no such part; pydantic makes a message of it.
    """
    known = list(known)
    if name in known or (own and ":" in name and all(name.split(":", 1))):
        return name
    more = ", or module:Name of your own" if own else ""
    theirs = name.lower().replace("_", "-")
    usual = (elsewhere or {}).get(theirs, "")
    besides = f", together with {more_settings}" if (more_settings := (together_with or {}).get(theirs)) else ""
    said = f' Here it is called "{usual}"{besides}.' if usual else suggestion(name, known)
    raise ValueError(f"there is no {kind} {name}.{said} Known: {', '.join(known)}{more}")


def check_value(value: Any, depth: int = 0) -> None:
    """Raise `PydanticCustomError` (a ValueError) where a value, or one in it, cannot be computed with, printed or saved.

    Numbers within text, lists and mappings of a user's own arguments are checked as well.
    """
    if depth > DEEPEST:
        raise _error(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, bool) or value is None or isinstance(value, Settings):
        return
    if isinstance(value, int):
        if not -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER:
            raise _error(_TOO_MANY_BITS)
    elif isinstance(value, float):
        if math.isfinite(value) and abs(value) > LARGEST_FLOAT:
            raise _error(f"it must be at most {LARGEST_FLOAT:g}, so that float32 can compute with it")
    elif isinstance(value, str):
        check_text(value)
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            check_value(name, depth + 1)
            check_value(entry, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            check_value(entry, depth + 1)


def check_text(text: str) -> None:
    """Raise `PydanticCustomError` for a text that cannot be saved as UTF-8, or that could steer a terminal."""
    if len(text) > LONGEST_TEXT:
        raise _error(f"a text has at most {LONGEST_TEXT:,} characters, this one has {len(text):,}")
    for character in text:
        if "\ud800" <= character <= "\udfff":
            raise _error("it is not text in UTF-8 (it holds half of a surrogate pair, or bytes of another encoding)")
        if (character < " " and character not in "\n\t") or "\x7f" <= character <= "\x9f":
            raise _error(f"it holds the control character {printable(character)}")


def _error(sentence: str) -> PydanticCustomError:
    # Braces are templates to pydantic; none of the sentences has any.
    return PydanticCustomError("unusable", sentence)
