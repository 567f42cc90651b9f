"""YAML as this program reads and writes it, wherever it does: recipes, studies, and values typed on a command line.

Files may come from anywhere, so what is read is bounded before anything is built from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml

from saddlepoint.errors import shortened
from saddlepoint.settings import DEEPEST, check_value

LARGEST_TEXT = 400_000  # characters; recipes have some thousands
MOST_ALIASES = 10  # a text of a few hundred bytes can repeat itself a billion times by aliases of aliases


class UnusableValueError(ValueError):
    """A YAML text has a value that cannot be computed with, printed or saved; the message names its key."""


class _Loader(yaml.SafeLoader):
    """YAML for settings: small, shallow, without tags and with few aliases, and each key of a section given once.

    It reads 1e-4 as a number: YAML 1.1, which PyYAML follows, demands a dot in it.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._aliases = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node; raises YAMLError where it breaks a limit, before anything is built from it."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > MOST_ALIASES:
                raise _refused(f"more than {MOST_ALIASES} aliases (*name)", event)
        elif event.tag is not None:
            raise _refused(f"the tag {event.tag}; tags are not read", event)
        if self._depth >= DEEPEST:
            raise _refused(f"more than {DEEPEST} levels of nesting", event)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A section; raises YAMLError where a key is given twice, of which YAML would silently take the last."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                if key.value in lines:
                    raise yaml.YAMLError(f"the key {key.value} is given twice (lines {lines[key.value]} and {line})")
                lines[key.value] = line
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that `_Loader` would read as numbers, and writes equal values out instead of as aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _reader in (_Loader, _Dumper):
    _number = re.compile(r"[-+]?(\d[\d_]*(\.\d*)?|\.\d+)[eE][-+]?\d+$")
    _reader.add_implicit_resolver("tag:yaml.org,2002:float", _number, list("-+.0123456789"))


def read_yaml(text: str) -> Any:
    """What a YAML text holds.

    Raises:
        UnusableValueError: it holds values that cannot be computed with, printed or saved
            (`saddlepoint.settings.check_value`).
        ValueError: it is not YAML, too large or nested too deeply, has tags, many aliases, or a key twice.
    """
    if len(text) > LARGEST_TEXT:
        raise ValueError(f"it has {len(text):,} characters; at most {LARGEST_TEXT:,} are read")
    return deepcopy(_read(text))


@lru_cache(maxsize=16)  # a run's recipe is read by many parts of one call, and parsing it takes some 20 ms
def _read(text: str) -> Any:
    try:
        value = yaml.load(text, _Loader)
    except (yaml.YAMLError, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from None
    _check_values(value, ())
    return value


def _check_values(value: Any, path: tuple[str, ...]) -> None:
    """Check all values below the key at a path.

    Raises:
        UnusableValueError: one cannot be computed with, printed or saved.
    """
    if isinstance(value, Mapping | list) and len(path) < DEEPEST:
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, entry in entries:
            _check_values(key, path)
            _check_values(entry, (*path, str(key)))
        return
    try:
        check_value(value, len(path))
    except ValueError as error:
        where = f"{'.'.join(path)} cannot be {shortened(repr(value))}: " if path else ""
        raise UnusableValueError(f"{where}{error}") from None


def _refused(what: str, event: yaml.Event) -> yaml.YAMLError:
    mark = event.start_mark
    assert mark is not None
    return yaml.YAMLError(f"it has {what} (line {mark.line + 1}, column {mark.column + 1})")


def write_yaml(content: Mapping[str, Any], *, compact: bool = False) -> str:
    """YAML that `read_yaml` reads back, in the order of `content`; compact: innermost lists and sections on one line."""
    flow = None if compact else False
    return str(
        yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=flow)
    )


def write_line(content: Mapping[str, Any]) -> str:
    """YAML on one line, without brackets around it: `data.source: photos, model.latent: 8`."""
    settings = dict(content)
    line = yaml.dump(settings, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1e9, default_flow_style=True)
    return str(line).strip()[1:-1]
