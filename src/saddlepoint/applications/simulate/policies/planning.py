"""Plan in a learnt task: a second recording visits the states that planning leads to, of which the first one may hold few."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.applications.simulate.planners.planner import Planner
from saddlepoint.applications.simulate.playing import decode_action
from saddlepoint.applications.simulate.policies.policy import Policy, random_action
from saddlepoint.applications.simulate.settings import MPPI, Search
from saddlepoint.applications.simulate.world import World

RANDOM_SHARE = 0.1  # of the actions
SEARCH = Search(horizon=20, candidates=40, iterations=1)


class Planning(Policy):
    """See `saddlepoint.applications.simulate.policies.policy.Policy`.

    Args:
        world: the learnt task.
        rng: draws random actions and the seeds of planners.
    """

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self.world, self.rng = world, rng
        self.begin()

    def begin(self) -> None:
        self.planner = Planner(self.world, MPPI, SEARCH, 1, int(self.rng.integers(2**62)))

    def act(self, state: npt.NDArray[Any]) -> Any:
        action, _ = self.planner.act(torch.from_numpy(np.asarray(state, dtype=np.float32))[None])
        if self.rng.random() < RANDOM_SHARE:
            return random_action(self.world.action, self.rng)
        return decode_action(self.world.action, action[0])
