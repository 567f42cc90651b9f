"""A lane is one run's settings; lanes whose numbers alone differ can be trained at once, as one cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SettingError
from saddlepoint.models.settings import ModelSettings
from saddlepoint.training.settings import LARGEST_SEED, TrainingSettings

# What of the training settings the lanes of one cell share, whatever the player.
SHARED = ("steps", "batch_size", "tick", "observe_every")


@dataclass(frozen=True, eq=False)
class Lane:
    """What the single run is that a lane equals: `training.seed` is its seed."""

    model: ModelSettings
    training: TrainingSettings
    dataset: Dataset

    @classmethod
    def over_seeds(
        cls, model: ModelSettings, training: TrainingSettings, dataset: Dataset, count: int, first: int = 0
    ) -> list[Lane]:
        """`count` lanes that differ in their seed alone: `first`, `first` + 1, ..."""
        if count < 1 or first < 0 or first + count - 1 > LARGEST_SEED:
            raise SettingError(
                f"lanes: {count} seeds from {first} on do not exist: ask for 1 or more, from 0 or more on."
            )
        return [cls(model, training.model_copy(update={"seed": seed}), dataset) for seed in range(first, first + count)]


def compatible_groups(lanes: Sequence[Lane]) -> list[list[int]]:
    """The lanes' positions, sorted into as few cells as can be trained at once, in the order of their first lanes."""
    found: dict[Any, list[int]] = {}
    for index, lane in enumerate(lanes):
        found.setdefault(tuple(sorted(structure(lane).items())), []).append(index)
    return list(found.values())


def structure(lane: Lane) -> dict[str, Any]:
    """What all lanes of a cell must have in common, by the setting's name: everything that is not a mere number."""
    shared = {f"model.{name}": value for name, value in numbers(lane.model, kind="other").items()}
    shared |= {f"training.{name}": getattr(lane.training, name) for name in SHARED}
    shared["training.ema above 0"] = lane.training.ema > 0
    for role in ("", "discriminator", "generator"):
        own = lane.training.player(role) if role else lane.training.optimiser
        shared[f"training.{role or 'optimiser'}.name"] = own.name
    event = lane.dataset.event
    shared["the data's shape"] = (event.kind, event.shape, event.dtype)
    shared["the data's constants"] = event.constants
    shared["the data's range"] = (event.low, event.high)
    shared["the number of training examples"] = len(lane.dataset)
    return shared


def check_compatible(lanes: Sequence[Lane]) -> None:
    """Raises SettingError where the lanes cannot be one cell."""
    if not lanes:
        raise SettingError("lanes: there is none to train: give at least one.")
    first = structure(lanes[0])
    for index, lane in enumerate(lanes):
        other = structure(lane)
        for name in dict.fromkeys([*first, *other]):
            if first.get(name) != other.get(name):
                raise SettingError(
                    f"lanes 0 and {index} differ in {name} ({first.get(name)} and {other.get(name)}), which lanes trained "
                    "at once must share: sort them with saddlepoint.lanes.compatible_groups."
                )


def differing(lanes: Sequence[Lane]) -> dict[str, tuple[float, ...]]:
    """The model's numbers that are not the same in all lanes: dotted name below `model` -> the value of every lane."""
    columns = [numbers(lane.model, kind="float") for lane in lanes]
    return {
        name: tuple(column[name] for column in columns)
        for name in columns[0]
        if len({column[name] for column in columns}) > 1
    }


def numbers(settings: BaseModel, kind: str, prefix: str = "") -> dict[str, Any]:
    """The fields of `settings` by dotted name, those in entries of open sections too: `float` ones, or all `other` ones."""
    found: dict[str, Any] = {}
    for name, value in _named(settings):
        if isinstance(value, BaseModel):
            found |= numbers(value, kind, f"{prefix}{name}.")
        elif isinstance(value, float) == (kind == "float"):
            found[prefix + name] = value if kind == "float" else repr(value)
    return found


def replaced(settings: ModelSettings, values: dict[str, Any], prefix: str = "") -> Any:
    """`settings` with the fields of these dotted names replaced, unchecked."""
    return _replaced(settings, values, prefix)


def _replaced(settings: BaseModel, values: dict[str, Any], prefix: str) -> BaseModel:
    changes: dict[str, Any] = {}
    for field in type(settings).model_fields:
        value, name = getattr(settings, field), prefix + field
        if isinstance(value, BaseModel):
            changes[field] = _replaced(value, values, f"{name}.")
        elif _is_open(value):
            changes[field] = {key: _replaced(entry, values, f"{name}.{key}.") for key, entry in value.items()}
        elif name in values:
            changes[field] = values[name]
    return settings.model_copy(update=changes)


def _named(settings: BaseModel) -> Iterator[tuple[str, Any]]:
    """The fields and their values; of an open section its entries, `section.key`."""
    for field in type(settings).model_fields:
        value = getattr(settings, field)
        if _is_open(value):
            yield f"{field} (names)", tuple(value)
            yield from ((f"{field}.{key}", entry) for key, entry in value.items())
        else:
            yield field, value


def _is_open(value: Any) -> bool:
    """Whether a field's value holds settings by key; one that is empty has no settings to walk into."""
    return isinstance(value, dict) and bool(value) and all(isinstance(entry, BaseModel) for entry in value.values())
