"""Names of the optimiser's settings: those that all players share, and each player's own.

A player's own setting that is None follows the shared one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

SHARED = "training.optimiser"
OWN = {role: f"training.players.{role}" for role in ("discriminator", "generator")}
SECTIONS = (SHARED, *OWN.values())
# Sections by the name that a player has in series; others follow the shared settings.
SECTION_OF = {"d": OWN["discriminator"], "g": OWN["generator"]}

RATE, D_RATE, G_RATE = RATES = tuple(f"{section}.learning_rate" for section in SECTIONS)
OWN_RATES = (D_RATE, G_RATE)
BETAS = tuple(f"{section}.betas" for section in SECTIONS)
MOMENTA = tuple(f"{section}.momentum" for section in SECTIONS)


def shared_name(name: str) -> str:
    """Return the shared setting that a player's own setting stands in for; other names as they are."""
    section, _, key = name.rpartition(".")
    return f"{SHARED}.{key}" if section in OWN.values() else name


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
