"""Watch how gradients of a player come and go between its updates, on one of its weights.

In each backward pass, autograd calls one hook with the gradient that the pass adds, and another one when it was added. If both are
equal, the gradient before was cleared. This says whether `zero_grad` was called, which has no hook of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.experiment.watching.harmless import harmless

MOST_NODES = 100_000  # of a loss's graph


class GradientWatch:
    """Counts the backward passes that reach a player.

    Attributes:
        passes: backward passes so far.
        cleared_at: number of the last pass that found cleared gradients; 0 before any.
        updates: of the player so far.
        failed: see `harmless`.
        never_cleared: updates in a row, after the first one, before which no pass found cleared gradients.
    """

    def __init__(self, player: nn.Module) -> None:
        """Register the hooks on the smallest trainable weight of a player.

        Args:
            player: the network; without trainable weights nothing is watched.
        """
        weight = smallest_weight(player)
        self._added: Tensor | None = None
        self.passes = self.cleared_at = self.updates = self.never_cleared = 0
        self._passes_before = 0  # at the last update
        self._handles: list[Any] = []
        self.failed: Exception | None = None
        if weight is not None:
            self._handles = [
                weight.register_hook(self._adds),  # type: ignore[no-untyped-call]
                weight.register_post_accumulate_grad_hook(self._has_added),  # type: ignore[no-untyped-call]
            ]

    def detach(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._added = None

    @harmless
    def _adds(self, gradient: Tensor) -> None:
        self._added = gradient.detach().clone()

    @harmless
    def _has_added(self, weight: Tensor) -> None:
        if self._added is None or weight.grad is None:
            return
        self.passes += 1
        # Of gradients that are not finite nobody knows what they were added to.
        if torch.equal(weight.grad, self._added.to(weight.grad.dtype)) or not self._added.isfinite().all():
            self.cleared_at = self.passes
        self._added = None

    def update(self) -> None:
        """Note an update of the player, just before it."""
        if self.updates and self.passes > self._passes_before:
            self.never_cleared = 0 if self.cleared_at > self._passes_before else self.never_cleared + 1
        self.updates += 1
        self._passes_before = self.passes


def smallest_weight(player: nn.Module) -> nn.Parameter | None:
    """Return the trainable weight of a player with the fewest numbers, but more than one; None without any."""
    weights = (p for p in player.parameters() if p.requires_grad and p.numel() > 1)
    return min(weights, key=lambda p: p.numel(), default=None)


def weights_reached(loss: Tensor) -> set[int]:
    """Return the ids of the weights at which a loss has a gradient, from its graph, which stays after the backward pass.

    Args:
        loss: with its graph; without one, nothing is reached.
    """
    reached: set[int] = set()
    waiting, known = [loss.grad_fn], set[Any]()
    while waiting and len(known) < MOST_NODES:
        node = waiting.pop()
        if node is None or node in known:
            continue
        known.add(node)
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            reached.add(id(variable))
        waiting += [following for following, _ in node.next_functions]
    return reached
