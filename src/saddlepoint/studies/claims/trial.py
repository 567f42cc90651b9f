"""A trial: something that can be trained from many seeds for a claim, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, Protocol

from pydantic import BaseModel
from torch import Tensor

SHORT = 100  # steps of a run that is over sooner if its step is not traced into a graph


class Trial(Protocol):
    """What a laboratory can train.

    An outcome, which `train` returns, has `seeds` (number of seeds that were trained) and `parts()`, from which
    `restore` restores it.
    """

    @property
    def key(self) -> str:
        """A text that is equal only for trials of the same class with the same training."""

    @property
    def weight(self) -> float:
        """Training time relative to other trials."""

    @property
    def most(self) -> int | None:
        """The largest number of seeds; None for no limit."""

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> Any:
        """Train from `seeds` seeds, or from `most` if that is less.

        Args:
            seeds: number of seeds.
            threads: number of CPU threads.
            report: called with the share of the training that is done, in [0, 1].

        Returns:
            The outcome.
        """

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Any:
        """Restore the outcome from its `parts()`.

        Args:
            tensors: the tensors by name.
            facts: the other parts, after a round trip through JSON.
        """


@dataclass(frozen=True)
class TrainedTrial:
    """A trained trial.

    Attributes:
        outcome: what `Trial.train` returned.
        seconds: duration of training, in seconds.
        claim: the claim that it was trained for.
    """

    outcome: Any
    seconds: float
    claim: str


class SettingsTrial:
    """A trial that is a frozen dataclass of settings, numbers and texts, which make its key."""

    @cached_property
    def key(self) -> str:
        """The name of its class and the values of its fields; see `Trial.key`.

        The class belongs to it, because two classes can have the same fields and train in different ways.
        """
        assert is_dataclass(self), "its fields make the key"
        values = (getattr(self, field.name) for field in fields(self))
        texts = (value.model_dump_json() if isinstance(value, BaseModel) else repr(value) for value in values)
        return "\n".join([type(self).__name__, *texts])


@dataclass(frozen=True, eq=False)
class TensorOutcome:
    """An outcome that consists of tensors. A subclass adds a field for each, and is restored as `Outcome(setup, **tensors)`.

    Attributes:
        setup: the trial.
    """

    setup: Any

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors by name, and no other values, for `Trial.restore`."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "setup"}, {}
