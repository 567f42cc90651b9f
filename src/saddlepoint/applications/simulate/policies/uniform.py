"""A random action at every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.simulate.policies.policy import Policy, random_action
from saddlepoint.data.spaces import Space


class Uniform(Policy):
    """See `saddlepoint.applications.simulate.policies.policy.Policy`."""

    def __init__(self, space: Space, size: int, rng: np.random.Generator) -> None:
        self.space, self.rng = space, rng

    def begin(self) -> None:
        """Nothing is kept between steps."""

    def act(self, state: npt.NDArray[Any]) -> Any:
        return random_action(self.space, self.rng)
