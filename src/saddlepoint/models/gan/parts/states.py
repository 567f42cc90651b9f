"""The state of a game's parts between steps: given to the losses with the noise, and replaced after each update."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.part_state import PartState
from saddlepoint.objectives.phase import KEPT, Observations


class PartStates:
    """The tensors of all parts with state.

    Args:
        states: by part.

    Attributes:
        present: by part and name, the present values; None if no part has state.
    """

    def __init__(self, states: Mapping[str, PartState]) -> None:
        first = {part: {name: value.clone() for name, value in state.first.items()} for part, state in states.items()}
        self.present: dict[str, dict[str, Tensor]] | None = first or None

    def of(self, part: str) -> tuple[dict[str, Tensor], ...]:
        """The tensors of one part, as further arguments of its functions: none for a part without state."""
        return () if self.present is None or part not in self.present else (self.present[part],)

    def keep(self, observations: Observations) -> None:
        """Take the new values from the observations of an update, and remove them there."""
        for key in [name for name in observations if name.startswith(KEPT)]:
            part, _, name = key.removeprefix(KEPT).rpartition("/")
            assert self.present is not None, "only parts with state return their next state"
            self.present[part] = {**self.present[part], name: observations.pop(key).detach()}

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors as {"PART/NAME": value}."""
        return {f"{part}/{name}": value for part, kept in (self.present or {}).items() for name, value in kept.items()}

    def load(self, tensors: Mapping[str, Tensor], device: torch.device) -> None:
        """Restore what `tensors` returned; other tensors are ignored, and those that are missing keep their values."""
        for part, kept in (self.present or {}).items():
            for name in kept:
                if (value := tensors.get(f"{part}/{name}")) is not None:
                    kept[name] = value.to(device)

    def to(self, device: torch.device) -> None:
        """Move all tensors to a device."""
        for kept in (self.present or {}).values():
            kept.update({name: value.to(device) for name, value in kept.items()})
