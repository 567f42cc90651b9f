"""The unrolled discriminator: the generator's loss is computed after simulated updates of the discriminator.

A generator that is trained against the current discriminator can move all samples to the point that the discriminator currently
rates highest, which is mode collapse. With an unrolled discriminator, its gradient anticipates the discriminator's next k
updates, and also flows through the dependence of these updates on the samples.

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
    """Return the generator's loss against the discriminator after some steps of gradient descent.

    The steps use the same batch and noise, and copies of the parameters: the discriminator itself does not change. With 0 steps
    the result is `generator_loss`. Normalisation layers of the discriminator do not update their running statistics.

    Args:
        generator_loss: what the generator minimises.
        discriminator_loss: what the discriminator minimises; it must not detach its samples.
        steps: at least 0.
        rate: step size of the descent, above 0.
        conditional: whether the generator takes labels.

    Returns:
        A loss that needs nets["d"] as an `nn.Module`, whose parameters it replaces by `torch.func.functional_call`. It raises
        TypeError if nets["d"] is not a module.
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
    """Context manager: running statistics are not updated, since `torch.func` does not support in-place changes of them."""
    layers = [layer for layer in network.modules() if isinstance(layer, _NormBase) and layer.training]
    tracked = [layer.track_running_stats for layer in layers]
    try:
        for layer in layers:
            layer.track_running_stats = False
        yield
    finally:
        for layer, tracks in zip(layers, tracked, strict=True):
            layer.track_running_stats = tracks
