"""Shared code of the torch optimisers for games: parameters with their gradients, and Adam's direction in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


def evaluated(closure: Callable[[], Any] | None) -> Any:
    """The value of torch's `closure`, which computes the gradients again; None without one."""
    if closure is None:
        return None
    with torch.enable_grad():
        return closure()


def moving(group: dict[str, Any]) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of a group that have a gradient, and those gradients, the weight decay's own added."""
    parameters = [p for p in group["params"] if p.grad is not None]
    gradients = [p.grad for p in parameters]
    if group["weight_decay"]:
        gradients = list(torch._foreach_add(gradients, parameters, alpha=group["weight_decay"]))
    return parameters, gradients


class GameAdam(Optimizer):
    """Adam's settings and moments, for optimisers that move along its directions in a way of their own.

    Args:
        lr: step size.
        betas, eps: Adam's.
        weight_decay: times the parameters, added to the gradient.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def directions(self, group: dict[str, Any], parameters: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
        """Take `gradients` into the moments and return Adam's directions; no host sync.

        A parameter's state: exp_avg, exp_avg_sq, and step (), on the host, which counts the updates of its moments.
        """
        beta1, beta2 = group["betas"]
        states = [self.state[p] for p in parameters]
        for p, state in zip(parameters, states, strict=True):
            if "step" not in state:
                state["step"] = torch.zeros(())
                state["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                state["exp_avg_sq"] = torch.zeros_like(p, memory_format=torch.preserve_format)
            state["step"] += 1
        first, second = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq"))
        torch._foreach_lerp_(first, gradients, 1 - beta1)
        torch._foreach_mul_(second, beta2)
        torch._foreach_addcmul_(second, gradients, gradients, 1 - beta2)
        updates = [int(state["step"]) for state in states]
        scales = torch._foreach_div(second, [1 - beta2**n for n in updates])
        torch._foreach_sqrt_(scales)
        torch._foreach_add_(scales, group["eps"])
        directions = torch._foreach_div(first, [1 - beta1**n for n in updates])
        torch._foreach_div_(directions, scales)
        return list(directions)
