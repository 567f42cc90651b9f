"""Reads the fields of a JSON object one by one, each with its type and range.

Files of a run may be damaged, forged, or written by another version. Every field is read by name and type, so that a wrong one
is an error that names file and field, and never a traceback later on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from saddlepoint.errors import RunError

LARGEST = 2**63 - 1
_REQUIRED: Any = object()


class Fields:
    """The fields of one JSON object.

    Args:
        value: the object as JSON has it.
        where: file and place, for messages: "runs/x/summary.json", "runs/x/records.jsonl, line 3".

    Every method takes the field's name, and a default that is returned where the field is absent; without a default
    the field is required. Raises RunError for a field that is missing, of another type, or out of range.
    """

    def __init__(self, value: Any, where: str) -> None:
        self.where = where
        if not isinstance(value, Mapping):
            raise RunError(f"{where}: expected a JSON object, got {_short(value)}.")
        self.value: Mapping[str, Any] = value

    def __contains__(self, name: str) -> bool:
        return name in self.value

    def text(self, name: str, default: Any = _REQUIRED) -> Any:
        """A string."""
        return self._read(name, default, "text", lambda value: isinstance(value, str))

    def choice(self, name: str, options: Collection[str], default: Any = _REQUIRED) -> Any:
        """One of the strings in `options`."""
        expected = f"one of {', '.join(options)}"
        return self._read(name, default, expected, lambda value: isinstance(value, str) and value in options)

    def boolean(self, name: str, default: Any = _REQUIRED) -> Any:
        """true or false."""
        return self._read(name, default, "true or false", lambda value: isinstance(value, bool))

    def integer(self, name: str, default: Any = _REQUIRED, *, low: int = 0, high: int = LARGEST) -> Any:
        """A whole number from `low` to `high`; 3.0 is one too."""
        value = self._read(name, default, f"a whole number from {low:,} to {high:,}", lambda v: _is_whole(v, low, high))
        return int(value) if isinstance(value, float) else value

    def number(self, name: str, default: Any = _REQUIRED) -> Any:
        """A float; also "nan", "inf" and "-inf"."""
        if type(found := self.value.get(name)) is float:  # nearly all numbers of a long log
            return found
        value = self._read(name, default, "a number", is_number)
        return float(value) if is_number(value) else value

    def sequence(self, name: str, default: Any = _REQUIRED, each: Callable[[Any], bool] | None = None) -> Any:
        """A list; with `each`, of items for which that is true."""
        return self._read(
            name, default, "a list", lambda v: isinstance(v, list) and (each is None or all(map(each, v)))
        )

    def section(self, name: str, default: Any = _REQUIRED) -> Any:
        """A JSON object, as `Fields`."""
        value = self._read(name, default, "an object", lambda value: isinstance(value, Mapping))
        return Fields(value, f"{self.where}: {name}") if isinstance(value, Mapping) else value

    def mapping(self, name: str, default: Any = _REQUIRED, each: Callable[[Any], bool] | None = None) -> Any:
        """A JSON object as it is; with `each`, of values for which that is true."""
        return self._read(
            name,
            default,
            "an object" if each is None else "an object of values of one kind",
            lambda value: isinstance(value, Mapping) and (each is None or all(map(each, value.values()))),
        )

    def refuse(self, name: str, expected: str) -> RunError:
        """The error that the field `name` is not what was expected, to be raised."""
        return RunError(
            f"{self.where}: {name}: expected {expected}, got {_short(self.value.get(name))}. Restore the file."
        )

    def _read(self, name: str, default: Any, expected: str, fits: Callable[[Any], bool]) -> Any:
        if name not in self.value:
            if default is _REQUIRED:
                raise RunError(f"{self.where}: {name} is missing: expected {expected}. Restore the file.")
            return default
        value = self.value[name]
        if (value is None and default is None) or fits(value):
            return value
        raise self.refuse(name, expected)


def is_number(value: Any) -> bool:
    """Whether a JSON value represents a float: a number, or the string of a non-finite one."""
    if isinstance(value, str):
        return value in ("nan", "inf", "-inf")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 10**308


def is_text(value: Any) -> bool:
    """Whether a JSON value is a string."""
    return isinstance(value, str)


def _is_whole(value: Any, low: int, high: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return False
    return low <= value <= high


def _short(value: Any) -> str:
    # Of a long value only the beginning is written out: repr of a list of a million numbers takes seconds.
    if isinstance(value, Mapping):
        return f"an object with {len(value)} fields"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of more than 20 digits"
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."
