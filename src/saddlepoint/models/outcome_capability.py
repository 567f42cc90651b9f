"""The capability of models that predict the rest of an example from its first numbers (see `saddlepoint.models.capabilities`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from torch import Tensor

from saddlepoint.models.code_capabilities import HasUnits

if TYPE_CHECKING:
    from saddlepoint.data.event import Event


@runtime_checkable
class PredictsOutcomes(HasUnits, Protocol):
    """A model of the last numbers of an example given the first ones, such as the next state given a state and an action."""

    event: Event

    @property
    def given(self) -> int:
        """How many of an example's first numbers are given."""

    @property
    def members(self) -> int:
        """Number of networks, each of which predicts by itself."""

    @property
    def noise_size(self) -> int:
        """Standard normal numbers of one prediction."""

    def outcomes(self, given: Tensor, noise: Tensor) -> Tensor:
        """(members, B, given) in the data's units and noise (members, B, noise_size) -> the rest, in the data's units; flags are probabilities."""
