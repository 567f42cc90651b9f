"""Mistakes in a model's objective that one batch shows before the first step: signs, labels, heads, forgotten details.

Ready-made models cannot make them; networks, phases and losses of one's own can. Each loss is asked on examples whose
answer is known: a discriminator that is right has to cost less than one that is wrong, a KL term has to be the closed
form of its own heads. Nothing of the run is changed by it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from saddlepoint.experiment.last_activation import last_bounds
from saddlepoint.experiment.objective_checks.adversarial import FAR, of_a_game
from saddlepoint.experiment.objective_checks.evidence_bound import of_a_bound
from saddlepoint.experiment.objective_checks.sampling import of_sampling
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, HasCodes, Variational, has
from saddlepoint.records import Finding


def mistakes(model: Model, x: Tensor) -> list[Finding]:
    """What is wrong with the objective of `model`, tried on examples x (B, *event) in the data's units."""
    with _own_generators(model), _own_modes(model):
        found: list[Finding | None] = [*of_sampling(model)]
        real = model.model_units(x)
        if has(model, Adversarial):
            found += of_a_game(model, real)
        elif has(model, Variational):
            found += of_a_bound(model, real)
    return [replace(one, evidence={**one.evidence, "preflight": True}) for one in found if one is not None]


def output_range(model: Model) -> tuple[float, float] | None:
    """The range of what the model can make, in its own units; a side without bound is infinite.

    As the settings say; for a network of one's own by the activation that it ends with, or as it shows where it is driven
    to its bounds. The means of a Bernoulli distribution are the sigmoid of what the decoder returns.

    Returns:
        Lowest and highest value; None where it has no bounds, or they are not known.
    """
    output = model.output_network()
    if output is None or not has(model, HasCodes):
        return model.output_range
    network, link = output
    with _own_generators(model), _own_modes(model), model.at_rest():
        z = model.fixed_noise(64, torch.Generator(model.device).manual_seed(0)).to(model.dtype)
        bounds = last_bounds(network, z) or _driven(network, z)
    low, high = (float(link(torch.tensor(bound))) for bound in bounds or (-math.inf, math.inf))
    return None if (low, high) == (-math.inf, math.inf) else (low, high)


def _driven(network: nn.Module, z: Tensor) -> tuple[float, float] | None:
    """The bounds that the outputs for codes z (B, latent) come to where the codes lie far out."""
    made = network(FAR * z).float()
    low, high = float(made.min()), float(made.max())
    for bounds in ((-1.0, 1.0), (0.0, 1.0)):
        if abs(low - bounds[0]) < 1e-3 and abs(high - bounds[1]) < 1e-3:
            return bounds
    return (0.0, math.inf) if low == 0 and high > 1 else None


@contextlib.contextmanager
def _own_generators(model: Model) -> Iterator[None]:
    """Whatever is drawn within it leaves torch's global generators as they were."""
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield


@contextlib.contextmanager
def _own_modes(model: Model) -> Iterator[None]:
    """Whatever is done to the layers' modes within, they are as before after it."""
    modes = [(layer, layer.training) for player in model.players.values() for layer in player.modules()]
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode
