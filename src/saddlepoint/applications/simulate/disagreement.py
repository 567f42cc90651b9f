"""How much the members of an ensemble disagree about a step: much where the training data do not decide what follows.

References:
    Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles (Balaji Lakshminarayanan, Alexander Pritzel, Charles
        Blundell, 2017), https://arxiv.org/abs/1612.01474
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.applications.simulate.world import World

USUAL = 0.95  # share of held-out steps whose disagreement is called usual


class Disagreement:
    """Compares steps with the held-out ones of a learnt task.

    Args:
        world: the learnt task, whose model has two members or more.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        scale = torch.from_numpy(world.trained.rows())[:, world.trained.given :].std(0)
        self.varies = scale > 0
        self.scale = scale[self.varies]
        known = world.held_out or world.trained
        states, actions = torch.from_numpy(known.states), torch.from_numpy(world.action.encode(known.actions))
        self.usual = float(self.measure(states, actions).quantile(USUAL))

    def measure(self, states: Tensor, actions: Tensor) -> Tensor:
        """Measure how much predictions of members differ.

        Args:
            states: (N, S).
            actions: (N, A), choices as one-hot codes.

        Returns:
            (N,) root mean squares, over the change of the state, the reward and the end, of the standard deviation of members' mean
            predictions in standard deviations of the training steps.
        """
        members, n = self.world.members, len(states)
        given = torch.cat([states, actions], -1).expand(members, n, -1)
        means = self.world.model.outcomes(given, torch.zeros(members, n, self.world.model.noise_size)).cpu()
        spread = means[..., self.varies].std(0) / self.scale
        return spread.square().mean(1).sqrt()

    def unusual(self, states: Tensor, actions: Tensor) -> Tensor:
        """Whether members disagree more than about 95 % of the held-out steps: (N, S), (N, A) -> bool (N,)."""
        return self.measure(states, actions) > self.usual


def disagreement_of(world: World) -> Disagreement | None:
    """Return the comparison for a learnt task; None for a model of a single network, which cannot disagree."""
    return Disagreement(world) if world.members > 1 else None
