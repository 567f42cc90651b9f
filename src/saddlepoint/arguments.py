"""Checks of what callers give to the public functions: each mistake is one sentence, before anything is done.

Files and command lines have schemas of their own (`recipe`, `cli`); this is for Python.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint.errors import SettingError


def check_mapping(where: str, name: str, value: Any, example: str) -> None:
    """Check that `value` is a mapping with text as keys.

    Args:
        where: names the caller in the message.
        name: names the argument in the message.
        value: what was given.
        example: how it is written.

    Raises:
        SettingError: `value` is not a mapping, or a key is not text.
    """
    if not isinstance(value, Mapping):
        raise SettingError(f"{where}: {name} is {shown(value)}; give settings by name, such as {example}.")
    for key in value:
        if not isinstance(key, str):
            raise SettingError(
                f"{where}: {name} has the name {shown(key)}, which is not text; write it as in {example}."
            )


def check_count(where: str, name: str, value: Any, least: int = 0, most: int | None = None) -> int:
    """The whole number that was given.

    Args:
        where: names the caller in the message.
        name: names the argument in the message.
        value: what was given.
        least: the smallest number that is taken.
        most: the largest; None for any.

    Raises:
        SettingError: `value` is not a whole number, or out of range.
    """
    count: int | None = None
    if not isinstance(value, bool):
        try:
            count = operator.index(value)
        except TypeError:
            count = None
    if count is None or count < least or (most is not None and count > most):
        wanted = f"of at least {least}" if most is None else f"from {least:,} to {most:,}"
        raise SettingError(f"{where}: {name} must be a whole number {wanted}, got {shown(value)}.")
    return count


def check_path(where: str, name: str, value: Any, or_else: str = "") -> Path:
    """The path that was given.

    Args:
        where: names the caller in the message.
        name: names the argument in the message.
        value: what was given.
        or_else: what else could have been given, as the message names it, such as "a name or ".

    Raises:
        SettingError: `value` is not a path, or is empty.
    """
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise SettingError(f"{where}: {name} is {shown(value)}; give {or_else}a path, as text or a pathlib.Path.")
    return Path(value)


def check_text(where: str, name: str, value: Any, example: str) -> None:
    """Check that `value` is text.

    Args:
        where: names the caller in the message.
        name: names the argument in the message.
        value: what was given.
        example: a text that would do.

    Raises:
        SettingError: `value` is not text.
    """
    if not isinstance(value, str):
        raise SettingError(f"{where}: {name} is {shown(value)}; give text, such as {example!r}.")


def check_modules(where: str, value: Any) -> None:
    """Raise SettingError where `modules` is neither None nor networks by their roles."""
    if value is not None:
        check_mapping(where, "modules", value, '{"generator": network, "discriminator": network}')


def check_listener(where: str, value: Any) -> None:
    """Raise SettingError where `listener` has not the methods of a `Listener`; a class is a frequent slip for its object."""
    if value is None or (callable(getattr(value, "record", None)) and not isinstance(value, type)):
        return
    hint = f"call it: {value.__name__}()" if isinstance(value, type) else "give an object of a subclass of sp.Listener"
    raise SettingError(f"{where}: listener is {shown(value)}; {hint}.")


def shown(value: Any) -> str:
    """A value in a message: itself where it is short, else its type."""
    text = value.__name__ if isinstance(value, type) else repr(value)
    if isinstance(value, int | float | str | bytes | None | list | dict | tuple | set | type) and len(text) <= 40:
        return text if not isinstance(value, type) else f"the class {text}"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
