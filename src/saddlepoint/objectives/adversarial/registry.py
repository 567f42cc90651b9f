"""The built-in parts as objects, from their names in `settings`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch

from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.settings import LOSSES


def part_at(path: str) -> Any:
    """Import a built-in part by its path `module:Name`."""
    module, name = path.split(":")
    # While weights are counted on torch's meta device, tensors of the module must still have values: it is imported once.
    with torch.device("cpu"):
        return getattr(import_module(module), name)


def loss_named(name: str) -> AdversarialLoss:
    """Return the built-in loss with this name, a key of `settings.LOSSES`."""
    loss: AdversarialLoss = part_at(LOSSES[name].path)
    return loss
