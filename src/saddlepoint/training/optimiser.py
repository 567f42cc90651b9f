"""Builds a player's optimiser in the fastest form its device has, and clips gradients by their norm.

Fused optimisers update all parameters in one call; where a device or a type has none, the foreach form (one call a
formula's line) is taken. Those made for games have the foreach form alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from saddlepoint.optimisers.averaging import historical_averaging
from saddlepoint.optimisers.extragradient import ExtraAdamOptimizer
from saddlepoint.optimisers.lookahead import lookahead
from saddlepoint.optimisers.optimistic import OptimisticAdamOptimizer, OptimisticSGD
from saddlepoint.training.fused_adam import Adam, AdamW
from saddlepoint.training.settings import OptimiserName, OptimiserSettings

FUSED_DEVICES = frozenset({"cpu", "cuda", "mps"})
FOREACH_DEVICES = frozenset({"cpu", "cuda", "mps"})

# Each optimiser and, beside step size and weight decay, the settings it takes by torch's names for them.
OPTIMISERS: dict[OptimiserName, tuple[Callable[..., Optimizer], dict[str, str]]] = {
    "adam": (Adam, {"betas": "betas", "eps": "epsilon"}),
    "adamw": (AdamW, {"betas": "betas", "eps": "epsilon"}),
    "sgd": (torch.optim.SGD, {"momentum": "momentum"}),
    "rmsprop": (torch.optim.RMSprop, {"eps": "epsilon", "momentum": "momentum"}),
    "optimistic-sgd": (OptimisticSGD, {}),
    "optimistic-adam": (OptimisticAdamOptimizer, {"betas": "betas", "eps": "epsilon"}),
    "extra-adam": (ExtraAdamOptimizer, {"betas": "betas", "eps": "epsilon"}),
}
FUSED: frozenset[OptimiserName] = frozenset({"adam", "adamw", "sgd"})
FOREACH_ALONE: frozenset[OptimiserName] = frozenset({"optimistic-sgd", "optimistic-adam", "extra-adam"})


def build_optimiser(
    parameters: Sequence[Tensor], settings: OptimiserSettings, form: Mapping[str, bool] | None = None
) -> Optimizer:
    """Return the optimiser of a player, with historical averaging and Lookahead around it where the settings ask for them.

    Args:
        parameters: what it trains.
        settings: of the player.
        form: torch's flag for the implementation; None takes the `fastest_form`.
    """
    kind, taken = OPTIMISERS[settings.name]
    optimiser = kind(
        parameters,
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        **{argument: getattr(settings, setting) for argument, setting in taken.items()},
        **(fastest_form(parameters, settings.name) if form is None else form),
    )
    if settings.historical_averaging:
        optimiser = historical_averaging(optimiser, settings.historical_averaging)
    return lookahead(optimiser, settings.lookahead, settings.lookahead_share) if settings.lookahead else optimiser


def fastest_form(parameters: Sequence[Tensor], name: OptimiserName) -> dict[str, bool]:
    """`{"fused": True}` or `{"foreach": ...}`: the flag torch's optimiser wants for these parameters; {}: it takes none."""
    if name in FOREACH_ALONE:
        return {}
    devices = {p.device.type for p in parameters}
    floating = all(p.is_floating_point() for p in parameters)
    if name in FUSED and devices <= FUSED_DEVICES and floating:
        return {"fused": True}
    return {"foreach": devices <= FOREACH_DEVICES}


def gradient_norm(gradients: list[Tensor]) -> Tensor:
    """Euclidean norm of all entries of `gradients` together: a scalar on their device, without a host sync."""
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm


@torch.no_grad()
def update_ratio(before: list[Tensor], parameters: Sequence[Tensor]) -> Tensor:
    """Length of the step from `before` to `parameters` over the parameters' length: a scalar, without a host sync."""
    moved = torch._foreach_sub(before, list(parameters))
    return gradient_norm(list(moved)) / gradient_norm(list(parameters)).clamp_min(1e-30)


def clip_(gradients: list[Tensor], largest: float) -> Tensor:
    """Scale gradients in place so that their joint norm is at most `largest`.

    A norm that is not finite makes the gradients non-finite, so that divergence stays visible.

    Returns:
        The norm before: a scalar.

    References:
        On the Difficulty of Training Recurrent Neural Networks (Razvan Pascanu, Tomas Mikolov, Yoshua Bengio, 2013),
        https://arxiv.org/abs/1211.5063, algorithm 1
    """
    norm = gradient_norm(gradients)
    torch._foreach_mul_(gradients, (largest / norm).clamp(max=1.0))
    return norm
