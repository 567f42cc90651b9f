"""Random linear policies: some of them happen to control the task for long, and reach states that random actions never do.

References:
    Simple random search of static linear policies is competitive for reinforcement learning (Horia Mania, Aurelia Guy, Benjamin Recht,
        2018), https://arxiv.org/abs/1803.07055
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.simulate.policies.policy import Policy, random_action
from saddlepoint.data.spaces import Discrete, Space

RANDOM_SHARE = 0.1  # of the actions, so that not all states of an episode come from one function


class Linear(Policy):
    """See `saddlepoint.applications.simulate.policies.policy.Policy`. States are divided by their root mean square so far."""

    def __init__(self, space: Space, size: int, rng: np.random.Generator) -> None:
        self.space, self.rng, self.size = space, rng, size
        self.squares, self.seen = np.zeros(size), 0
        self.begin()

    def begin(self) -> None:
        self.weights = self.rng.standard_normal((self.space.size, self.size)) / np.sqrt(self.size)
        self.offset = 0.1 * self.rng.standard_normal(self.space.size)

    def act(self, state: npt.NDArray[Any]) -> Any:
        self.squares, self.seen = self.squares + np.square(state), self.seen + 1
        if self.rng.random() < RANDOM_SHARE:
            return random_action(self.space, self.rng)
        scaled = state / np.sqrt(self.squares / self.seen + 1e-12)
        values = self.weights @ scaled + self.offset
        if isinstance(self.space, Discrete):
            return int(values.argmax())
        low, high = self.space.bounds
        return (low + (high - low) * (0.5 + 0.5 * np.tanh(2 * values))).astype(np.float32)
