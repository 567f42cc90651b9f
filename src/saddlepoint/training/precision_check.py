"""Check that bfloat16 gives the same gradients as float32 on this machine, up to rounding.

Some processors and library versions compute some convolutions wrongly in bfloat16 (images two or three pixels wide, with AMX
and torch 2.13): the result is NaN or unrelated to the correct one, and differs from call to call. No list of such cases is
complete, so the gradients of the actual networks are compared before the first step.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.base import Model
from saddlepoint.models.copying import copy_with_networks
from saddlepoint.objectives.phase import Batch, Phase
from saddlepoint.training.devices import Devices

CALLS = 3  # since only some calls may give wrong results
EXAMPLES = 16
# The relative error of a player's gradient. bfloat16 has 8 significant bits: over nine shipped recipes the error at the first
# step is 0.004 to 0.26; that of a wrong computation is 1 or more.
LARGEST_ERROR = 0.7


def bf16_deviation(model: Model, batch: Batch, devices: Devices) -> str:
    """Compare the gradients of a model in bfloat16 and float32.

    The model and torch's global random generators are left unchanged.

    Args:
        model: a game, on its device.
        batch: training examples in the model's units, on the same device.
        devices: with bf16 as the precision.

    Returns:
        A clause that says how bfloat16 differs; empty if it agrees with float32.
    """
    copied = copy_with_networks(model, model.players.values())
    batch = Batch(batch.x[:EXAMPLES], None if batch.y is None else batch.y[:EXAMPLES])
    for phase in dict.fromkeys(phase for phase in copied.phases if phase.gradient):
        right = _gradient(copied, phase, batch, None)
        if not bool(right.isfinite().all()):
            continue  # another failure, which other checks report
        for _ in range(CALLS):
            found = _gradient(copied, phase, batch, devices.autocast())
            role = " and the ".join(copied.roles[name] for name in phase.players)
            if not bool(found.isfinite().all()):
                return f"the gradient of the {role} is not finite in bf16, and is in fp32"
            error = float((found - right).norm() / right.norm().clamp_min(1e-12))
            if error > LARGEST_ERROR:
                return f"the gradient of the {role} in bf16 differs from the one in fp32 by {error:.0%} of its size"
    return ""


def _gradient(model: Model, phase: Phase, batch: Batch, autocast: torch.autocast | None) -> Tensor:
    """The gradient of the phase's loss with respect to its players' parameters as one vector (P,), always with the same noise."""
    generator = torch.Generator(model.device).manual_seed(0)
    players = [model.players[name] for name in phase.players]
    parameters = [parameter for player in players for parameter in player.parameters() if parameter.requires_grad]
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
