"""Settings written as they are typed on a command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

_OF_ALL = "training.optimiser"


def options(overrides: Mapping[str, Any]) -> str:
    """Overrides as options for a shell: `--model.beta 4 --training.optimiser.betas 0.5,0.9`."""
    return " ".join(f"{shlex.quote(f'--{name}')} {argument(value)}" for name, value in overrides.items())


def change(name: str, before: Any, after: Any) -> str:
    """A change of the setting `name` in words: both values as they are typed, with the meaning of none."""
    return f"{argument(before)}{_as(name, before)} -> {argument(after)}{_as(name, after)}"


def _as(name: str, value: Any) -> str:
    """A player's setting that is none follows the one of all players.

    Players' sections lie below `training.players`; in runs of version 0.1 directly below `training`.
    """
    section, _, setting = name.rpartition(".")
    return (
        f" (as {_OF_ALL}.{setting})" if value is None and section.startswith("training.") and section != _OF_ALL else ""
    )


def explained(overrides: Mapping[str, Any]) -> str:
    """An explanation of the options that are none, in parentheses; empty where there is none to explain."""
    meanings = dict.fromkeys(_as(name, value).strip(" ()") for name, value in overrides.items())
    meanings.pop("", None)
    return f" (none: {', '.join(meanings)})" if meanings else ""


def argument(value: Any) -> str:
    """One value as it is typed behind its setting's name; JSON values, and tuples as lists."""
    if isinstance(value, list | tuple):
        return ",".join(map(argument, value)) or "''"
    if value is None:
        return "none"
    return shlex.quote(value if isinstance(value, str) else json.dumps(value))
