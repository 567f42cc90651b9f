"""Names of the optimiser's settings: those that all players share, and each player's own.

A player's own setting that is None follows the shared one. Which players have settings of their own depends on the family
of the model; it is read from the names of a run's settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

SHARED = "training.optimiser"
PLAYERS = "training.players"
EVERY = "*"  # in the name of a setting, stands for the role of every player
RATE = f"{SHARED}.learning_rate"


def own_name(role: str, key: str) -> str:
    """Return the name of a player's own setting: "training.players.generator.learning_rate"."""
    return f"{PLAYERS}.{role}.{key}"


def of_all_players(key: str) -> tuple[str, str]:
    """Return the shared setting, and the pattern of all players' own settings."""
    return f"{SHARED}.{key}", own_name(EVERY, key)


def is_own(name: str) -> bool:
    """Whether a setting is a player's own."""
    return name.startswith(f"{PLAYERS}.")


def is_of_optimiser(name: str) -> bool:
    """Whether a setting is one of an optimiser: the shared one or a player's own."""
    return is_own(name) or name.startswith(f"{SHARED}.")


def roles_in(settings: Settings) -> tuple[str, ...]:
    """Return the roles of the players that have settings of their own, in the order of the settings."""
    start = len(PLAYERS) + 1
    return tuple(dict.fromkeys(name[start:].partition(".")[0] for name in settings if is_own(name)))


def sections_in(settings: Settings) -> tuple[str, ...]:
    """Return the section of the shared settings and that of each player's own."""
    return SHARED, *(f"{PLAYERS}.{role}" for role in roles_in(settings))


def own_settings(key: str, settings: Settings) -> tuple[str, ...]:
    """Return the setting `key` of every player that has settings of its own."""
    return tuple(own_name(role, key) for role in roles_in(settings))


def all_settings(key: str, settings: Settings) -> tuple[str, ...]:
    """Return the shared setting `key`, and that of every player."""
    return tuple(f"{section}.{key}" for section in sections_in(settings))


def matching_names(name: str, settings: Settings) -> tuple[str, ...]:
    """Return the settings that a name stands for: with `EVERY` those of all players, otherwise the name itself."""
    section, _, key = name.rpartition(".")
    return own_settings(key, settings) if section == f"{PLAYERS}.{EVERY}" else (name,)


def shared_name(name: str) -> str:
    """Return the shared setting that a player's own setting stands in for; other names as they are."""
    return f"{SHARED}.{name.rpartition('.')[2]}" if is_own(name) else name


def value_in_force(name: str, settings: Settings) -> Any:
    """Return a setting's value, or where a player has none of its own, the shared one."""
    own = settings.get(name)
    return settings.get(shared_name(name)) if own is None else own


def sibling(name: str, key: str) -> str:
    """Return the setting `key` of the section that `name` is in."""
    return f"{name.rpartition('.')[0]}.{key}"


def optimiser_of(name: str, settings: Settings) -> str:
    """Return the name of the optimiser that a setting belongs to: the player's own, or the shared one."""
    return str(settings.get(sibling(name, "name")) or settings.get(f"{SHARED}.name") or "adam")
