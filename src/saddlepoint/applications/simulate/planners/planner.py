"""Plan at every step: draw candidate plans, predict their returns with all members of the model, and act on the best.

All candidates and particles of all episodes are predicted together, one step of the plans at a time.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.applications.simulate.planners.plans import new_plans
from saddlepoint.applications.simulate.settings import PLANNERS, Search
from saddlepoint.applications.simulate.world import World
from saddlepoint.errors import SettingError, suggestion


class Planner:
    """Plans for several episodes at once.

    Args:
        world: the learnt task.
        name: in `PLANNERS`.
        search: how plans are searched for.
        episodes: number of episodes.
        seed: of the candidates and the particles.

    Raises:
        SettingError: there is no such planner.
    """

    def __init__(self, world: World, name: str, search: Search, episodes: int, seed: int) -> None:
        check_planner(name)
        self.world, self.search, self.entry = world, search, PLANNERS[name]
        self.weigh = self.entry.load()
        self.generator = torch.Generator().manual_seed(seed)
        self.plans = new_plans(world.action, episodes, search.horizon)

    def act(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Plan from states.

        Args:
            states: (B, S), of the episodes that go on.

        Returns:
            The first actions (B, A), choices as one-hot codes, and the returns that the model promises over the horizon (B,), of the
            candidates with their weights.
        """
        search = self.search
        refits = self.entry.refits
        for _ in range(search.iterations if refits else 1):
            drawn = search.candidates * (1 if refits else search.iterations)
            actions = self.plans.draw(drawn, self.generator)
            returns = predict_returns(self.world, states, actions, search.particles, self.generator)
            weights = self.weigh(returns)
            if refits:
                self.plans.refit(actions, weights, narrows=self.entry.narrows)
        chosen = self.plans.first() if refits else (weights[:, :, None] * actions[:, :, 0]).sum(1)
        if refits:
            self.plans.advance()
        return chosen, (weights * returns).sum(1)

    def keep(self, rows: Tensor) -> None:
        """Go on with some of the episodes (bool, (B,))."""
        self.plans.keep(rows)


def check_planner(name: str) -> None:
    """Check that there is a planner.

    Raises:
        SettingError: there is none of this name.
    """
    if name not in PLANNERS:
        raise SettingError(
            f"simulate: there is no planner {name}.{suggestion(name, PLANNERS)} Known: {', '.join(PLANNERS)}."
        )


def predict_returns(
    world: World, states: Tensor, actions: Tensor, particles: int, generator: torch.Generator
) -> Tensor:
    """Predict the sum of rewards of plans, each weighted with the probability that the task has not ended before.

    Args:
        world: the learnt task.
        states: (B, S).
        actions: (B, C, H, A).
        particles: of each plan; each stays with one member of the ensemble.
        generator: draws the noise.

    Returns:
        (B, C), means over particles.
    """
    n, candidates, horizon, _ = actions.shape
    each = max(1, round(particles / world.members))
    rows = n * candidates * each
    now = states[:, None, None].expand(n, candidates, each, -1).reshape(1, rows, -1).expand(world.members, rows, -1)
    plans = actions[:, :, None].expand(n, candidates, each, horizon, -1).reshape(rows, horizon, -1)
    total, alive = torch.zeros(world.members, rows), torch.ones(world.members, rows)
    for step in range(horizon):
        noise = world.draw_noise(rows, generator)
        now, reward, ends = world.step(now, plans[:, step].expand(world.members, rows, -1), noise)
        total += alive * reward
        alive = alive * (1 - ends)
    return total.view(world.members, n, candidates, each).mean((0, 3))
