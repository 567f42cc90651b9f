"""HTML as a type of its own, so that text cannot become HTML by being forgotten.

A `Markup` is made from a template that stands in the source, into which everything else is escaped:

    html("<td>{}</td>", name)

A function that returns Markup cannot return an f-string: mypy refuses a str in its place. A test holds that templates are
literals, that their attributes are quoted, and that no other code writes tags (tests/architecture/test_markup.py).
"""

from __future__ import annotations

import html as standard
import re
import string
from collections.abc import Iterable
from typing import Any, LiteralString


class Markup(str):
    """HTML. Made by `html`, `escaped` and `joined`; by its own name only from files that belong to this program."""

    __slots__ = ()

    def __add__(self, other: str) -> Markup:
        """Both in a row; text is escaped."""
        return joined((self, other))

    def __radd__(self, other: str) -> Markup:
        return joined((other, self))


def html(template: LiteralString, *values: object, **named: object) -> Markup:
    """The template with `{}`, `{name}` and `{:.2f}` filled in, everything escaped that is not Markup already.

    Attributes must be in double quotes, and addresses (`href`, `src`) must not be left to data: escaping does not make an
    address safe.
    """
    return Markup(_FORMATTER.vformat(template, values, named))


def escaped(value: object) -> Markup:
    """Any value as text that HTML shows and never obeys; Markup as it is."""
    return value if isinstance(value, Markup) else Markup(standard.escape(_text(value), quote=True))


def joined(parts: Iterable[object], between: object = "") -> Markup:
    """All parts, escaped where they are not Markup, with `between` between two of them."""
    return Markup(str(escaped(between)).join(escaped(part) for part in parts))


def with_code(text: str) -> Markup:
    """The text, escaped, with what is between two backticks as `<code>`."""
    parts = re.split(r"`([^`\n]+)`", text)
    return joined(html("<code>{}</code>", part) if at % 2 else part for at, part in enumerate(parts))


def _text(value: object) -> str:
    """Text that can be saved: half of a surrogate pair, which JSON can hold, has no place in UTF-8; NUL has none in HTML."""
    return str(value).encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


class _Formatter(string.Formatter):
    """`str.format` that escapes."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        return escaped(value) if not format_spec else escaped(format(value, format_spec))

    def convert_field(self, value: Any, conversion: Any) -> Any:
        return value if conversion is None else escaped(super().convert_field(value, conversion))


_FORMATTER = _Formatter()
