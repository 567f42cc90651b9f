"""What a policy is, and random actions of a space."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from saddlepoint.data.spaces import Discrete, Space


class Policy(Protocol):
    """Chooses actions. Its class is called with the space of actions, the size of a state and a random generator."""

    def begin(self) -> None:
        """An episode begins."""

    def act(self, state: npt.NDArray[Any]) -> Any:
        """The action in a state (S,): a whole number, or (A,) float32."""


def random_action(space: Space, rng: np.random.Generator) -> Any:
    """An action, all of which are equally probable."""
    if isinstance(space, Discrete):
        return int(rng.integers(space.n))
    return rng.uniform(space.low, space.high).astype(np.float32)
