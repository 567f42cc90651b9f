"""Ways to change one setting: a remedy maps names of settings to new values, or to one of these.

A change is called with the setting's name and the present settings. It returns the new value, `UNCHANGED`, or
`NOT_FOR_THIS_RUN`, which leaves out the whole remedy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from saddlepoint.diagnosis.optimiser_settings import (
    RATE,
    Settings,
    is_own,
    matching_names,
    optimiser_of,
    value_in_force,
)

PARTS = ("model.penalties.", "model.views.")  # sections of weights and strengths, which are None where a part is absent


class Outcome(Enum):
    """What a change returns instead of a value."""

    UNCHANGED = "unchanged"
    NOT_FOR_THIS_RUN = "not for this run"


UNCHANGED, NOT_FOR_THIS_RUN = Outcome.UNCHANGED, Outcome.NOT_FOR_THIS_RUN


class Change(Protocol):
    """A new value that depends on the present settings."""

    def __call__(self, name: str, settings: Settings) -> Any:
        """Return the value for the setting `name`, `UNCHANGED`, or `NOT_FOR_THIS_RUN`."""


@dataclass(frozen=True)
class Multiply:
    """Multiply the setting by `factor`, rounded to two digits and limited to `least` and `most`.

    The setting is left unchanged if the limits would move it in the other direction.
    """

    factor: float
    least: float = 0.0
    most: float = float("inf")

    def __call__(self, name: str, settings: Settings) -> Any:
        present = value_in_force(name, settings)
        if not isinstance(present, int | float) or not present:
            return UNCHANGED
        wanted = min(max(float(f"{present * self.factor:.2g}"), self.least), self.most)
        return wanted if (wanted - present) * (self.factor - 1) > 0 else UNCHANGED


@dataclass(frozen=True)
class Halve:
    """Halve a whole number, rounded down; 1 is left unchanged."""

    def __call__(self, name: str, settings: Settings) -> Any:
        present = settings[name]
        return present // 2 if isinstance(present, int) and present > 1 else UNCHANGED


@dataclass(frozen=True)
class AtLeast:
    """Raise the setting to `value` if it is lower."""

    value: float

    def __call__(self, name: str, settings: Settings) -> Any:
        return max(_present(name, settings), self.value)


@dataclass(frozen=True)
class AtMost:
    """Lower the setting to `value` if it is higher."""

    value: float

    def __call__(self, name: str, settings: Settings) -> Any:
        return min(settings[name], self.value)


@dataclass(frozen=True)
class ArgumentAtLeast:
    """Raise the number `key` in a setting that holds the arguments of a part, if it is lower than `value`.

    Arguments that do not have this number keep their default, and are left unchanged.
    """

    key: str
    value: float

    def __call__(self, name: str, settings: Settings) -> Any:
        present = settings[name] or {}
        if not isinstance(present.get(self.key), int | float) or present[self.key] >= self.value:
            return UNCHANGED
        return {**present, self.key: self.value}


@dataclass(frozen=True)
class Replace:
    """Change the setting to `value` if it is one of `old`."""

    old: tuple[Any, ...]
    value: Any

    def __call__(self, name: str, settings: Settings) -> Any:
        return self.value if settings[name] in self.old else UNCHANGED


@dataclass(frozen=True)
class ReplaceOnly:
    """Change the setting to `value` if it is one of `old`. If it is neither one of `old` nor `value`, leave out the remedy."""

    old: tuple[Any, ...]
    value: Any

    def __call__(self, name: str, settings: Settings) -> Any:
        present = settings[name]
        return self.value if present in self.old else UNCHANGED if present == self.value else NOT_FOR_THIS_RUN


@dataclass(frozen=True)
class Clear:
    """Remove all arguments of a part; a part without arguments is left unchanged."""

    def __call__(self, name: str, settings: Settings) -> Any:
        return {} if settings[name] else UNCHANGED


@dataclass(frozen=True)
class MomentumAtMost:
    """Lower Adam's first beta to `value` if it is higher. Optimisers without betas are left unchanged."""

    value: float

    def __call__(self, name: str, settings: Settings) -> Any:
        present = settings[name]
        if present is None or optimiser_of(name, settings).endswith("sgd"):
            return UNCHANGED
        return [min(present[0], self.value), present[1]]


@dataclass(frozen=True)
class FollowOther:
    """Change the setting to the value of `other` if it is more than `times` times larger, or with `below`, smaller."""

    other: str
    times: float
    below: bool = False

    def __call__(self, name: str, settings: Settings) -> Any:
        present, other = value_in_force(name, settings), value_in_force(self.other, settings)
        if not present or not other:
            return UNCHANGED
        apart = other / present if self.below else present / other
        return float(f"{other:.2g}") if apart > self.times else UNCHANGED


@dataclass(frozen=True)
class Given:
    """Change the setting to the value that a rule or check passes under the name `key`; without it, leave out the change."""

    key: str


def _present(name: str, settings: Settings) -> Any:
    """Return the present value; 0 for a part that the run does not have, such as a penalty."""
    value = settings[name]
    return 0.0 if value is None and name.startswith(PARTS) else value


def apply_changes(changes: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the settings that a remedy changes, with their new values.

    Args:
        changes: new values and `Change`s by dotted name; `training.players.*.NAME` stands for the setting of every player.
        settings: the present settings; names that are not among them are left out.

    Returns:
        New values by dotted name; empty where nothing changes or the remedy is not for this run.
    """
    found: dict[str, Any] = {}
    named = {each: wanted for name, wanted in changes.items() for each in matching_names(name, settings)}
    for name, wanted in named.items():
        if name not in settings:
            continue
        follows = settings[name] is None and is_own(name) and name.endswith(".learning_rate")
        if follows and isinstance(wanted, Multiply) and RATE in changes:
            continue  # it follows the shared rate, which the remedy changes
        value = wanted(name, settings) if callable(wanted) else wanted
        if value is NOT_FOR_THIS_RUN:
            return {}
        if value is UNCHANGED:
            continue
        if value == _present(name, settings):
            continue
        # A player without a value of its own has the shared one: what is in force already is no change.
        if json.dumps(value) not in (json.dumps(settings[name]), json.dumps(value_in_force(name, settings))):
            found[name] = value
    return found
