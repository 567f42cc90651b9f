"""Other policies in turn, so that more states are visited: random actions, held ones, and random linear policies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.simulate.policies.held import Held
from saddlepoint.applications.simulate.policies.linear import Linear
from saddlepoint.applications.simulate.policies.policy import Policy
from saddlepoint.applications.simulate.policies.uniform import Uniform
from saddlepoint.data.spaces import Space


class Mixed(Policy):
    """See `saddlepoint.applications.simulate.policies.policy.Policy`."""

    def __init__(self, space: Space, size: int, rng: np.random.Generator) -> None:
        self.policies: tuple[Policy, ...] = tuple(kind(space, size, rng) for kind in (Uniform, Held, Linear))
        self.episode = -1

    def begin(self) -> None:
        self.episode += 1
        self._current.begin()

    def act(self, state: npt.NDArray[Any]) -> Any:
        return self._current.act(state)

    @property
    def _current(self) -> Policy:
        return self.policies[self.episode % len(self.policies)]
