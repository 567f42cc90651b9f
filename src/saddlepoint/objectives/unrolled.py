"""The unrolled discriminator: the generator moves against the answer that its move would get, not against the last one.

A generator that follows the present discriminator runs to wherever that is fooled at the moment, all samples to the same
place. Here it looks k steps of the discriminator ahead, and its gradient also goes through how these steps depend on its
samples: running to one place is then seen to be answered.

Unrolled Generative Adversarial Networks (Metz, Poole, Pfau, Sohl-Dickstein, 2017), https://arxiv.org/abs/1611.02163
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from saddlepoint.objectives.phase import Batch, Loss, Nets, Noise, Observations


def unrolled(generator_loss: Loss, discriminator_loss: Loss, steps: int, rate: float) -> Loss:
    """`generator_loss` against the discriminator after `steps` steps of gradient descent on `discriminator_loss`.

    The steps are taken on the same batch and noise, and in thought only: the discriminator itself stays where it is. With
    0 steps it is `generator_loss`.
    discriminator_loss: must not cut its samples from their graph.
    rate: step size of the descent, above 0.

    It reads nets["d"] as an `nn.Module`, whose parameters it replaces by `torch.func.functional_call`. Norms in it that keep
    running statistics do not update them here. The loss raises TypeError where nets["d"] is something else.
    """

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        discriminator = nets["d"]
        if not isinstance(discriminator, nn.Module):
            raise TypeError(
                f"unrolled: the discriminator must be a torch.nn.Module, whose parameters can be moved, but nets['d'] is a "
                f"{type(discriminator).__name__}: give the network itself, or leave the steps ahead out."
            )
        made = nets["g"](noise["z"])

        def with_discriminator(parameters: dict[str, Tensor]) -> dict[str, Callable[..., Any]]:
            def moved(*arguments: Any, **named: Any) -> Any:
                return torch.func.functional_call(discriminator, parameters, arguments, named)

            return {"d": moved, "g": lambda *_, **__: made}

        def pays(parameters: dict[str, Tensor]) -> Tensor:
            return discriminator_loss(with_discriminator(parameters), batch, noise)[0].mean()

        parameters: dict[str, Tensor] = dict(discriminator.named_parameters())
        with _keeping_statistics(discriminator):
            for _ in range(steps):
                gradients = torch.func.grad(pays)(parameters)
                parameters = {name: value - rate * gradients[name] for name, value in parameters.items()}
            return generator_loss(with_discriminator(parameters), batch, noise)

    return loss


@contextlib.contextmanager
def _keeping_statistics(network: nn.Module) -> Iterator[None]:
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
