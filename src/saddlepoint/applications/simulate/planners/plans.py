"""Distributions of plans: sequences of actions, from which candidates are drawn and which are refitted to the best of them."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from saddlepoint.data.spaces import Box, Discrete, Space

KEPT = 0.1  # share of the last distribution that a refit keeps, so that no choice becomes impossible at once
CORRELATION = 0.6  # of the noise of one step and the next: independent noise cancels over a plan
NARROWEST = 0.05  # standard deviation of an action, in those of the first draw


class Plans(Protocol):
    """Distributions of B plans of H steps, whose actions have A numbers (choices as one-hot codes)."""

    def draw(self, candidates: int, generator: torch.Generator) -> Tensor:
        """(B, candidates, H, A); one of the candidates is the present mean."""

    def refit(self, actions: Tensor, weights: Tensor, *, narrows: bool) -> None:
        """Move towards candidates (B, C, H, A) by their weights (B, C)."""

    def first(self) -> Tensor:
        """The first actions of the plans, (B, A)."""

    def advance(self) -> None:
        """The first actions were taken: the plans begin one step later, and end with an undecided one."""

    def keep(self, rows: Tensor) -> None:
        """Keep the plans of these rows (bool, (B,))."""


class RealPlans(Plans):
    """Gaussian plans within the bounds of a box.

    Args:
        space: of actions.
        n: B.
        horizon: H.
    """

    def __init__(self, space: Box, n: int, horizon: int) -> None:
        self.low, self.high = (
            torch.tensor(space.low, dtype=torch.float32),
            torch.tensor(space.high, dtype=torch.float32),
        )
        self.middle, self.spread = (self.low + self.high) / 2, (self.high - self.low) / 2
        self.mean = self.middle.expand(n, horizon, -1).clone()
        self.std = self.spread.expand(n, horizon, -1).clone()

    def draw(self, candidates: int, generator: torch.Generator) -> Tensor:
        n, horizon, size = self.mean.shape
        noise = torch.randn(n, candidates, horizon, size, generator=generator)
        fresh = math.sqrt(1 - CORRELATION**2)
        for step in range(1, horizon):
            noise[:, :, step] = CORRELATION * noise[:, :, step - 1] + fresh * noise[:, :, step]
        noise[:, 0] = 0
        return (self.mean[:, None] + self.std[:, None] * noise).clamp(self.low, self.high)

    def refit(self, actions: Tensor, weights: Tensor, *, narrows: bool) -> None:
        shares = weights[:, :, None, None]
        mean = (shares * actions).sum(1)
        if narrows:
            std = (shares * (actions - mean[:, None]).square()).sum(1).sqrt()
            self.std = torch.maximum(KEPT * self.std + (1 - KEPT) * std, NARROWEST * self.spread)
        self.mean = KEPT * self.mean + (1 - KEPT) * mean

    def first(self) -> Tensor:
        return self.mean[:, 0]

    def advance(self) -> None:
        self.mean = torch.cat([self.mean[:, 1:], self.mean[:, -1:]], 1)
        self.std = self.spread.expand_as(self.mean).clone()

    def keep(self, rows: Tensor) -> None:
        self.mean, self.std = self.mean[rows], self.std[rows]


class ChoicePlans(Plans):
    """Plans of independent choices with probabilities.

    Args:
        space: of actions.
        n: B.
        horizon: H.
    """

    def __init__(self, space: Discrete, n: int, horizon: int) -> None:
        self.shares = torch.full((n, horizon, space.n), 1 / space.n)

    def draw(self, candidates: int, generator: torch.Generator) -> Tensor:
        n, horizon, size = self.shares.shape
        uniform = torch.rand(n, candidates, horizon, 1, generator=generator)
        held = torch.rand(n, candidates, horizon, 1, generator=generator) < CORRELATION
        for step in range(1, horizon):  # the probabilities of each step stay as they are
            uniform[:, :, step] = torch.where(held[:, :, step], uniform[:, :, step - 1], uniform[:, :, step])
        chosen = (uniform > self.shares.cumsum(-1)[:, None]).sum(-1).clamp(max=size - 1)
        chosen[:, 0] = self.shares.argmax(-1)
        return torch.nn.functional.one_hot(chosen, size).float()

    def refit(self, actions: Tensor, weights: Tensor, *, narrows: bool) -> None:
        self.shares = KEPT * self.shares + (1 - KEPT) * (weights[:, :, None, None] * actions).sum(1)

    def first(self) -> Tensor:
        return torch.nn.functional.one_hot(self.shares[:, 0].argmax(-1), self.shares.shape[-1]).float()

    def advance(self) -> None:
        undecided = torch.full_like(self.shares[:, :1], 1 / self.shares.shape[-1])
        # The distribution is widened, because the new state may ask for other choices.
        self.shares = 0.5 * torch.cat([self.shares[:, 1:], undecided], 1) + 0.5 / self.shares.shape[-1]

    def keep(self, rows: Tensor) -> None:
        self.shares = self.shares[rows]


def new_plans(space: Space, n: int, horizon: int) -> Plans:
    """Undecided plans.

    Args:
        space: of actions.
        n: number of plans.
        horizon: steps of a plan.
    """
    return ChoicePlans(space, n, horizon) if isinstance(space, Discrete) else RealPlans(space, n, horizon)
