"""Recipes as text: YAML files, and single values as they are typed on a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import yaml


class _Loader(yaml.SafeLoader):
    """YAML that reads 1e-4 as a number: YAML 1.1, which PyYAML follows, demands a dot in it."""


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that `_Loader` would read as numbers."""


for _reader in (_Loader, _Dumper):
    _number = re.compile(r"[-+]?(\d[\d_]*(\.\d*)?|\.\d+)[eE][-+]?\d+$")
    _reader.add_implicit_resolver("tag:yaml.org,2002:float", _number, list("-+.0123456789"))


def read_yaml(text: str) -> Any:
    """What a YAML text holds; raises ValueError where it is not YAML."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


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


def value_of(value: Any, annotation: Any) -> Any:
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
        parsed = read_yaml(f"[{value}]" if is_bare else value)
    except ValueError:
        return value
    if is_sequence and isinstance(parsed, str):
        return [part.strip() for part in parsed.strip("()[] ").split(",") if part.strip()]
    return parsed
