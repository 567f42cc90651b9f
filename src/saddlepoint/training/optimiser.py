"""Builds a player's optimiser in the fastest form its device has, and clips gradients by their norm.

Fused optimisers update all parameters in one call; where a device or a type has none, the foreach form (one call a
formula's line) is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from saddlepoint.training.settings import OptimiserName, OptimiserSettings

FUSED_DEVICES = frozenset({"cpu", "cuda", "mps"})
FOREACH_DEVICES = frozenset({"cpu", "cuda", "mps"})

Builder = Callable[[Sequence[Tensor], OptimiserSettings, dict[str, bool]], Optimizer]


def _adam(parameters: Sequence[Tensor], settings: OptimiserSettings, form: dict[str, bool]) -> Optimizer:
    return torch.optim.Adam(
        parameters,
        lr=settings.learning_rate,
        betas=settings.betas,
        eps=settings.epsilon,
        weight_decay=settings.weight_decay,
        **form,
    )


def _adamw(parameters: Sequence[Tensor], settings: OptimiserSettings, form: dict[str, bool]) -> Optimizer:
    return torch.optim.AdamW(
        parameters,
        lr=settings.learning_rate,
        betas=settings.betas,
        eps=settings.epsilon,
        weight_decay=settings.weight_decay,
        **form,
    )


def _sgd(parameters: Sequence[Tensor], settings: OptimiserSettings, form: dict[str, bool]) -> Optimizer:
    return torch.optim.SGD(
        parameters,
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        **form,
    )


def _rmsprop(parameters: Sequence[Tensor], settings: OptimiserSettings, form: dict[str, bool]) -> Optimizer:
    return torch.optim.RMSprop(
        parameters,
        lr=settings.learning_rate,
        eps=settings.epsilon,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        **form,
    )


OPTIMISERS: dict[OptimiserName, Builder] = {"adam": _adam, "adamw": _adamw, "sgd": _sgd, "rmsprop": _rmsprop}
FUSED: frozenset[OptimiserName] = frozenset({"adam", "adamw", "sgd"})


def build_optimiser(parameters: Sequence[Tensor], settings: OptimiserSettings) -> Optimizer:
    """The optimiser `settings` names over `parameters`, fused where device and type allow it, else foreach."""
    return OPTIMISERS[settings.name](parameters, settings, fastest_form(parameters, settings.name))


def fastest_form(parameters: Sequence[Tensor], name: OptimiserName) -> dict[str, bool]:
    """`{"fused": True}` or `{"foreach": ...}`: the flag torch's optimiser wants for these parameters."""
    devices = {p.device.type for p in parameters}
    floating = all(p.is_floating_point() for p in parameters)
    if name in FUSED and devices <= FUSED_DEVICES and floating:
        return {"fused": True}
    return {"foreach": devices <= FOREACH_DEVICES}


def gradient_norm(gradients: list[Tensor]) -> Tensor:
    """Euclidean norm of all entries of `gradients` together: a scalar on their device, without a host sync."""
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm


def clip_(gradients: list[Tensor], largest: float) -> Tensor:
    """Scale `gradients` in place so that their joint norm is at most `largest`; returns the norm before.

    A non-finite norm makes the gradients non-finite: divergence is left to be seen.

    R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks", 2013,
    https://arxiv.org/abs/1211.5063, algorithm 1.
    """
    norm = gradient_norm(gradients)
    torch._foreach_mul_(gradients, (largest / norm).clamp(max=1.0))
    return norm
