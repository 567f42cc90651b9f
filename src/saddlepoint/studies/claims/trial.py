"""A trial: something that can be trained from many seeds for a claim, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor


class Trial(Protocol):
    """What a laboratory can train.

    An outcome, which `train` returns, has `seeds` (how many were trained) and `parts()`, from which `restore` makes it again.
    """

    @property
    def key(self) -> str:
        """Equal for trials that train the same."""

    @property
    def weight(self) -> float:
        """How long the trial takes, relative to others."""

    @property
    def most(self) -> int | None:
        """The largest number of seeds; None for as many as are asked for."""

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> Any:
        """Train from `seeds` seeds, or from `most` if that is less, and return the outcome.

        Args:
            seeds: number of seeds.
            threads: processor threads.
            report: called with the share of the training that is done.
        """

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Any:
        """The outcome, from the tensors and facts of its `parts()`; the facts have been JSON since."""


@dataclass(frozen=True)
class TrainedTrial:
    """The outcome of a trial, the seconds it took, and the claim it was trained for."""

    outcome: Any
    seconds: float
    claim: str
