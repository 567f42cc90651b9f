"""Convert values that are typed on a command line."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from saddlepoint.yaml_text import read_yaml


def value_of(value: Any, annotation: Any) -> Any:
    """Convert a typed text to a value of a setting; pydantic validates it afterwards.

    Args:
        value: as typed; anything but text is returned unchanged.
        annotation: the type of the setting.
    """
    if not isinstance(value, str) or annotation is str:
        return value
    options = get_args(annotation)
    if get_origin(annotation) is Literal:
        return value
    if value.lower() in ("none", "null") and type(None) in options:
        return None
    is_sequence = any(get_origin(a) is tuple for a in (annotation, *options))
    is_mapping = get_origin(annotation) is dict  # whose keys are text
    if str in options and not (is_sequence or is_mapping):
        return value
    try:
        is_bare = is_sequence and not value.strip().startswith(("[", "("))
        parsed = read_yaml(f"[{value}]" if is_bare else value)
    except ValueError:
        return value
    if is_sequence and isinstance(parsed, str):
        return [part.strip() for part in parsed.strip("()[] ").split(",") if part.strip()]
    return parsed
