"""Random actions that are held: the effects of independent actions cancel, so that the task stays near its start."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.simulate.policies.policy import Policy, random_action
from saddlepoint.applications.simulate.settings import HELD
from saddlepoint.data.spaces import Space


class Held(Policy):
    """See `saddlepoint.applications.simulate.policies.policy.Policy`."""

    def __init__(self, space: Space, size: int, rng: np.random.Generator) -> None:
        self.space, self.rng = space, rng
        self.left, self.action = 0, random_action(space, rng)

    def begin(self) -> None:
        self.left = 0

    def act(self, state: npt.NDArray[Any]) -> Any:
        if not self.left:
            self.left, self.action = int(self.rng.integers(1, HELD + 1)), random_action(self.space, self.rng)
        self.left -= 1
        return self.action
