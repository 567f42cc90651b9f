"""A replica: the seed, settings and data of one run. Replicas that differ only in numbers can be trained as one group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SettingError
from saddlepoint.models.settings import ModelSettings
from saddlepoint.training.settings import LARGEST_SEED, TrainingSettings

# Training settings that the replicas of a group share.
SHARED = ("steps", "batch_size", "balance_classes", "tick", "observe_every")


@dataclass(frozen=True, eq=False)
class Replica:
    """Settings and data of the single run that the replica equals.

    Attributes:
        model: settings of the model.
        training: settings of the training; `training.seed` is the replica's seed.
        dataset: training examples.
    """

    model: ModelSettings
    training: TrainingSettings
    dataset: Dataset

    @classmethod
    def over_seeds(
        cls, model: ModelSettings, training: TrainingSettings, dataset: Dataset, count: int, first: int = 0
    ) -> list[Replica]:
        """Return replicas that differ only in their seed.

        Args:
            model: settings of the model.
            training: settings of the training.
            dataset: training examples.
            count: number of replicas.
            first: the first seed; the others are `first` + 1, `first` + 2, ...
        """
        if count < 1 or first < 0 or first + count - 1 > LARGEST_SEED:
            raise SettingError(
                f"replicas: {count} seeds from {first} on do not exist: ask for 1 or more, from 0 or more on."
            )
        return [cls(model, training.model_copy(update={"seed": seed}), dataset) for seed in range(first, first + count)]


def compatible_groups(replicas: Sequence[Replica]) -> list[list[int]]:
    """Sort replicas into as few groups as possible.

    Returns:
        The indexes of the replicas in each group; groups are in the order of their first replicas.
    """
    found: dict[Any, list[int]] = {}
    for index, replica in enumerate(replicas):
        found.setdefault(tuple(sorted(structure(replica).items())), []).append(index)
    return list(found.values())


def structure(replica: Replica) -> dict[str, Any]:
    """Return what all replicas of a group must have in common, by name of the setting: everything except real numbers."""
    shared = {f"model.{name}": value for name, value in numbers(replica.model, kind="other").items()}
    shared |= {f"training.{name}": getattr(replica.training, name) for name in SHARED}
    shared["training.ema above 0"] = replica.training.ema > 0
    for role in ("", *replica.model.roles):
        own = replica.training.player(role) if role else replica.training.optimiser
        shared[f"training.{role or 'optimiser'}.name"] = own.name
    event = replica.dataset.event
    shared["the data's shape"] = (event.kind, event.shape, event.dtype)
    shared["the data's constants"] = event.constants
    shared["the data's range"] = (event.low, event.high)
    shared["the data's one-hot columns"] = event.groups
    # Only models with conditions have weights for each class.
    if getattr(replica.model, "condition", None):
        shared["the number of classes"] = len(event.class_names or ())
    shared["the number of training examples"] = len(replica.dataset)
    return shared


def check_compatible(replicas: Sequence[Replica]) -> None:
    """Check that replicas can be one group.

    Args:
        replicas: at least one.

    Raises:
        SettingError: they cannot; the message names the first difference.
    """
    if not replicas:
        raise SettingError("replicas: none were given: give at least one.")
    first = structure(replicas[0])
    for index, replica in enumerate(replicas):
        other = structure(replica)
        for name in dict.fromkeys([*first, *other]):
            if first.get(name) != other.get(name):
                raise SettingError(
                    f"replicas 0 and {index} differ in {name} ({first.get(name)} and {other.get(name)}), which replicas of one "
                    "group must share: sort them with saddlepoint.lanes.compatible_groups."
                )


def differing(replicas: Sequence[Replica]) -> dict[str, tuple[float, ...]]:
    """Return the numbers of the model's settings that differ between replicas: {dotted name below `model`: one value per replica}."""
    columns = [numbers(replica.model, kind="float") for replica in replicas]
    return {
        name: tuple(column[name] for column in columns)
        for name in columns[0]
        if len({column[name] for column in columns}) > 1
    }


def numbers(settings: BaseModel, kind: str, prefix: str = "") -> dict[str, Any]:
    """Return the fields of settings by dotted name, including those in entries of open sections.

    Args:
        settings: of any section.
        kind: "float" for real numbers, "other" for all other fields.
        prefix: of the names.
    """
    found: dict[str, Any] = {}
    for name, value in _named(settings):
        if isinstance(value, BaseModel):
            found |= numbers(value, kind, f"{prefix}{name}.")
        elif kind == "other" and name in getattr(type(settings), "switches", ()):
            found[f"{prefix}{name} above 0"] = repr(value > 0)
        elif isinstance(value, float) == (kind == "float"):
            found[prefix + name] = value if kind == "float" else repr(value)
    return found


def replaced(settings: ModelSettings, values: dict[str, Any], prefix: str = "") -> Any:
    """Return a copy of `settings` with other values at these dotted names; the values are not validated."""
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
    """Whether a field's value holds settings by key; an empty one has no settings to replace."""
    return isinstance(value, dict) and bool(value) and all(isinstance(entry, BaseModel) for entry in value.values())
