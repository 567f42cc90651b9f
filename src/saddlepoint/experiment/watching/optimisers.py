"""Gradient norms, update ratios and learning rates of players, observed at the steps of the user's optimisers.

torch calls hooks before and after each step of any optimiser. An optimiser belongs to a player if it holds weights of the player.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from saddlepoint.experiment.watching.harmless import harmless
from saddlepoint.experiment.watching.scalars import Scalars
from saddlepoint.training.optimiser import gradient_norm, update_ratio

Seen = Callable[[Any, Mapping[str, list[Tensor]]], None]


class OptimiserSteps:
    """Observes the steps of optimisers that hold weights of players.

    Attributes:
        observe: whether gradient norms of the current step are recorded.
        before_step: called with an optimiser and its weights by player, before each of its steps, until it is set to None.
        rates: the newest learning rate by player.
        failed: see `harmless`.
    """

    def __init__(self, players: Mapping[str, nn.Module], scalars: Scalars) -> None:
        """Prepare; `attach` begins.

        Args:
            players: the networks by their short names.
            scalars: gets the observations.
        """
        self._owner = {id(p): name for name, module in players.items() for p in module.parameters()}
        self._scalars = scalars
        self._known: dict[int, tuple[Any, int, dict[str, list[Tensor]]]] = {}
        self._handles: list[Any] = []
        self._ratio_due: set[str] = set()
        self._before: dict[str, list[Tensor]] = {}
        self.observe = False
        self.before_step: Seen | None = None
        self.rates: dict[str, float] = {}
        self.failed: Exception | None = None

    def attach(self) -> None:
        """Register the hooks."""
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]

    def detach(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._known.clear()

    def begin_tick(self, players: Mapping[str, nn.Module]) -> None:
        """Measure the next update of each player."""
        self._ratio_due = set(players)

    def weights_of(self, optimiser: Any) -> Mapping[str, list[Tensor]]:
        """Return the weights that an optimiser holds, by player; "" for those that no player has."""
        groups = optimiser.param_groups
        count = sum(len(group["params"]) for group in groups)
        known = self._known.get(id(optimiser))
        if known is not None and known[1] == count:
            return known[2]
        held: dict[str, list[Tensor]] = {}
        for weight in (weight for group in groups for weight in group["params"]):
            held.setdefault(self._owner.get(id(weight), ""), []).append(weight)
        self._known[id(optimiser)] = (optimiser, count, held)  # kept, so that no other object gets its id
        return held

    @harmless
    def _before_step(self, optimiser: Any, arguments: Any, keywords: Any) -> None:
        held = self.weights_of(optimiser)
        if self.before_step is not None:
            self.before_step(optimiser, held)
        for player, weights in held.items():
            if not player:
                continue
            if self.observe:
                gradients = [weight.grad for weight in weights if weight.grad is not None]
                if gradients and not any(gradient.is_sparse for gradient in gradients):
                    norm = gradient_norm(gradients)
                    # Fused optimisers unscale the gradients of automatic mixed precision themselves.
                    scale = getattr(optimiser, "grad_scale", None)
                    self._scalars.add(f"{player}/grad_norm", norm if scale is None else norm / scale)
            if player in self._ratio_due:
                self._before[player] = [weight.detach().clone() for weight in weights]

    @harmless
    def _after_step(self, optimiser: Any, arguments: Any, keywords: Any) -> None:
        for player, weights in self.weights_of(optimiser).items():
            if not player:
                continue
            if player in self._before:
                with torch.no_grad():
                    self._scalars.add(f"{player}/update_ratio", update_ratio(self._before.pop(player), weights))
                self._ratio_due.discard(player)
            rate = optimiser.param_groups[0].get("lr")
            if rate is not None:
                self.rates[player] = rate

    def learning_rates(self) -> dict[str, float]:
        """Return the newest learning rates as values of a record."""
        return {f"{player}/learning_rate": float(rate) for player, rate in self.rates.items()}
