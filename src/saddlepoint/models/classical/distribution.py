"""The protocol of the distributions: what one file of this package must offer to be a model.

A distribution computes in double precision on the CPU. Its examples are (N, *shape) in the model's units, without constant channels
or columns; discrete ones get the values as float64 as well. All that it has learnt is in tensors, which a checkpoint holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from saddlepoint.data.event import Event, ScalingKind
from saddlepoint.errors import DataError, SettingError
from saddlepoint.models.classical.settings import ClassicalSettings


class Distribution(ABC):
    """A distribution of examples that is fitted without gradients.

    Attributes:
        state_names: the attributes that hold what was learnt; all are tensors.
        iterative: whether every step improves the fit (EM). Otherwise the model learns in the first pass over the data.
        log_prob_of: the kind of `log_prob` (see `saddlepoint.models.capabilities.DescribesDensity`).
    """

    state_names: ClassVar[tuple[str, ...]] = ()
    iterative: ClassVar[bool] = False
    log_prob_of: Literal["density", "values", "black and white"] = "density"

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        """Set the parameters that it has before it has seen data.

        Args:
            settings: of the model.
            event: what one example is.
            shape: of one example without constants.
        """
        self.settings, self.event, self.shape = settings, event, shape

    @classmethod
    def check_event(cls, settings: ClassicalSettings, event: Event) -> None:
        """Check that the distribution suits the data.

        Raises:
            SettingError: it does not.
        """

    @classmethod
    def usual_scaling(cls, settings: ClassicalSettings, event: Event) -> ScalingKind:
        """The units for `model.scaling: auto`."""
        return "unit" if event.bounded else "standard"

    @abstractmethod
    def learn(self, x: Tensor, y: Tensor | None) -> None:
        """Update the parameters with a batch.

        Args:
            x: (B, *shape).
            y: (B,) labels of a model of the classes, else None.
        """

    def begin(self, x: Tensor, y: Tensor | None, seed: int) -> None:
        """Choose the first parameters of an iterative fit from its first batch, by a random seed.

        It is called before every step, and does nothing after the first one. (With a distribution for each class, the first batch of
        a class may come later than that of others.)
        """

    @property
    def begun(self) -> bool:
        """Whether the first step has been done."""
        return bool(getattr(self, "examples", 0))

    @property
    def fewest(self) -> int:
        """The number of examples that the first step needs."""
        return 1

    def too_few(self, examples: int, of: str = "") -> DataError:
        """Return the error for fewer examples than `fewest`.

        Args:
            examples: how many there are.
            of: the class that they are of, in words, with a space before it.
        """
        return DataError(f"model.distribution: {self.settings.distribution} needs {self.fewest:,} examples{of}.")

    @abstractmethod
    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(N, *shape) -> (N,) nats, in the model's units; given labels y (N,) for a model of the classes."""

    def training_log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The same for training examples, where they need another formula than other examples."""
        return self.log_prob(x, y)

    @abstractmethod
    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw (n, *shape); of the classes y (n,) for a model of the classes."""

    def observations(self) -> dict[str, Tensor]:
        """Numbers about the fit, to be recorded."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """Return what was learnt."""
        return {name: getattr(self, name) for name in self.state_names}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore the result of `state`."""
        for name in self.state_names:
            setattr(self, name, state[name].cpu())


class Completing(Distribution):
    """A distribution whose conditional distribution given some numbers of an example has a closed form."""

    @abstractmethod
    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the log probability of the known numbers.

        Args:
            x: (N, *shape); unknown numbers are ignored.
            known: (N, *shape) bool.
            y: (N,) labels of a model of the classes, else None.

        Returns:
            (N,) nats.
        """

    @abstractmethod
    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draw the unknown numbers given the known ones, (N, *shape); known numbers are unchanged."""


def refuse(settings: ClassicalSettings, problem: str) -> SettingError:
    """Return the error for a distribution that does not suit the data."""
    return SettingError(f"model.distribution: {settings.distribution} {problem}")
