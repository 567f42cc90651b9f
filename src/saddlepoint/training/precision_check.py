"""Does bfloat16 compute what float32 does, for these networks on this machine?

Some processors and versions of a library compute some convolutions wrongly in bfloat16 (images two or three pixels wide, with
AMX and torch 2.13): the result is NaN or has nothing to do with the right one, and differs from call to call. No list of
such cases is complete, so the losses and gradients of the actual networks are compared before the first step.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.base import Model
from saddlepoint.models.copying import copy_with_networks
from saddlepoint.objectives.phase import Batch, Phase
from saddlepoint.training.devices import Devices

CALLS = 3  # wrong results may come in some calls alone
EXAMPLES = 16
# The relative error of a player's gradient. bfloat16 keeps 8 bits: over nine shipped recipes gradients are off by 0.004 to
# 0.26 of their size at the first step; what is computed wrongly is off by 1 and more.
MOST = 0.7


def bf16_deviation(model: Model, batch: Batch, devices: Devices) -> str:
    """What is wrong with bfloat16 here, in words; an empty text where it agrees with float32.

    Nothing of the model, nor any random number of the caller's, is changed.

    Args:
        model: a game, on its device.
        batch: training examples in the model's units, on the same device.
        devices: with bf16 as the precision.
    """
    copied = copy_with_networks(model, model.players.values())
    batch = Batch(batch.x[:EXAMPLES], None if batch.y is None else batch.y[:EXAMPLES])
    for phase in dict.fromkeys(phase for phase in copied.phases if phase.gradient):
        right = _gradient(copied, phase, batch, None)
        if not bool(right.isfinite().all()):
            continue  # that is another failure, which is found by itself
        for _ in range(CALLS):
            found = _gradient(copied, phase, batch, devices.autocast())
            role = copied.roles[phase.player]
            if not bool(found.isfinite().all()):
                return f"the gradient of the {role} is not finite in bf16, and is in fp32"
            error = float((found - right).norm() / right.norm().clamp_min(1e-12))
            if error > MOST:
                return f"the gradient of the {role} in bf16 differs from the one in fp32 by {error:.0%} of its size"
    return ""


def _gradient(model: Model, phase: Phase, batch: Batch, autocast: torch.autocast | None) -> Tensor:
    """The gradient of the phase's loss for its player, as one vector; the same noise at every call."""
    generator = torch.Generator(model.device).manual_seed(0)
    player = model.players[phase.player]
    parameters = [parameter for parameter in player.parameters() if parameter.requires_grad]
    cuda = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda), torch.enable_grad():
        torch.manual_seed(0)
        noise = model.noise(phase, len(batch.x), 0, generator)
        if autocast is None:
            loss = phase.loss(model.players, batch, noise)[0]
        else:
            with autocast:
                loss = phase.loss(model.players, batch, noise)[0]
        gradients = torch.autograd.grad(loss.float().mean(), parameters, allow_unused=True)
    return torch.cat([gradient.float().flatten() for gradient in gradients if gradient is not None])
