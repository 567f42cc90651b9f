"""The unrolled discriminator: the generator answers the discriminator as it will be after its next steps.

A generator that follows the present discriminator runs to wherever that is fooled at the moment, all samples to the same
place. Here it looks k steps of the discriminator ahead, and its gradient also passes through how these steps depend on its
samples.

References:
    Unrolled Generative Adversarial Networks (Metz, Poole, Pfau, Sohl-Dickstein, 2017), https://arxiv.org/abs/1611.02163
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations


def unrolled(
    generator_loss: Loss, discriminator_loss: Loss, steps: int, rate: float, *, conditional: bool = False
) -> Loss:
    """`generator_loss` against the discriminator after `steps` steps of gradient descent on `discriminator_loss`.

    The steps are taken on the same batch and noise, on copies of the parameters: the discriminator itself does not change. With
    0 steps it is `generator_loss`. Normalisation layers in the discriminator do not update their running statistics here.

    Args:
        generator_loss: what the generator minimises.
        discriminator_loss: what the discriminator minimises; it must not detach its samples.
        steps: at least 0.
        rate: step size of the descent, above 0.
        conditional: whether the generator takes labels.

    Returns:
        A loss that reads nets["d"] as an `nn.Module`, whose parameters it replaces by `torch.func.functional_call`; it raises
        TypeError where nets["d"] is something else.
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        discriminator = nets["d"]
        if not isinstance(discriminator, nn.Module):
            raise TypeError(
                f"unrolled: the discriminator must be a torch.nn.Module, whose parameters can be replaced, but nets['d'] is a "
                f"{type(discriminator).__name__}: give the network itself, or set updates.unrolled to 0."
            )
        made = nets["g"](noise.latent, **({"labels": batch.y} if conditional else {}))

        def with_discriminator(parameters: dict[str, Tensor]) -> dict[str, Callable[..., Any]]:
            def after(*arguments: Any, **named: Any) -> Any:
                return torch.func.functional_call(discriminator, parameters, arguments, named)

            return {"d": after, "g": lambda *arguments, **named: made}

        def cost(parameters: dict[str, Tensor]) -> Tensor:
            return discriminator_loss(with_discriminator(parameters), batch, noise)[0].mean()

        parameters: dict[str, Tensor] = dict(discriminator.named_parameters())
        with _statistics_unchanged(discriminator):
            for _ in range(steps):
                gradients = torch.func.grad(cost)(parameters)
                parameters = {name: value - rate * gradients[name] for name, value in parameters.items()}
            return generator_loss(with_discriminator(parameters), batch, noise)

    return loss


@contextlib.contextmanager
def _statistics_unchanged(network: nn.Module) -> Iterator[None]:
    """Running statistics stay as they are: `torch.func` would refuse their change in place."""
    layers = [layer for layer in network.modules() if isinstance(layer, _NormBase) and layer.training]
    tracked = [layer.track_running_stats for layer in layers]
    try:
        for layer in layers:
            layer.track_running_stats = False
        yield
    finally:
        for layer, tracks in zip(layers, tracked, strict=True):
            layer.track_running_stats = tracks
