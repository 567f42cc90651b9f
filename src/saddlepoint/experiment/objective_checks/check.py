"""Find mistakes in a model's objective on one batch, before the first step: wrong signs, labels or heads, missing terms.

Built-in models do not have them; the user's own networks, phases and losses may. Each loss is evaluated where its correct
value is known: a correct discriminator must have a lower loss than a wrong one, and a KL term must equal the closed form
computed from the heads. The checks change nothing in the run.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from saddlepoint.experiment.last_activation import activation_bounds
from saddlepoint.experiment.objective_checks.adversarial import FAR, check_game
from saddlepoint.experiment.objective_checks.denoising import check_scale
from saddlepoint.experiment.objective_checks.evidence_bound import check_bound
from saddlepoint.experiment.objective_checks.order import check_order
from saddlepoint.experiment.objective_checks.sampling import check_sampling
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, Denoises, HasCodes, PredictsInOrder, Variational, has
from saddlepoint.objectives.phase import Batch
from saddlepoint.records import Finding


def find_mistakes(model: Model, x: Tensor, labels: Tensor | None = None) -> list[Finding]:
    """Check the objective of a model on one batch.

    Args:
        model: the model before training; it is left unchanged.
        x: (B, *event) examples in the data's units.
        labels: (B,) int64, if the data have labels.

    Returns:
        The findings; an empty list if there are none.
    """
    with _restored_generators(model), _restored_modes(model):
        found: list[Finding | None] = [*check_sampling(model)]
        real = model.model_units(x)
        if has(model, Adversarial):
            found += check_game(model, Batch(real, labels))
        elif has(model, Variational):
            found += check_bound(model, real)
        elif has(model, PredictsInOrder):
            found.append(check_order(model, x, labels))
        elif has(model, Denoises):
            found.append(check_scale(model, real))
    return [replace(one, evidence={**one.evidence, "preflight": True}) for one in found if one is not None]


def output_range(model: Model) -> tuple[float, float] | None:
    """Return the output range of a model, in the model's units.

    For a built-in network the settings define it. For the user's own network it is derived from the last activation, or
    measured with codes so large that bounded outputs are at their bounds. A Bernoulli decoder returns logits, whose sigmoid
    is the output.

    Args:
        model: the model; it is left unchanged.

    Returns:
        Lowest and highest value, infinite if there is no bound on that side; None if the range is unbounded or unknown.
    """
    output = model.output_network()
    if output is None or not has(model, HasCodes):
        return model.output_range
    network, link = output
    with _restored_generators(model), _restored_modes(model), model.at_rest():
        z = model.fixed_noise(64, torch.Generator(model.device).manual_seed(0)).to(model.dtype)
        bounds = activation_bounds(network, z) or _saturated_range(network, z)
    low, high = (float(link(torch.tensor(bound))) for bound in bounds or (-math.inf, math.inf))
    return None if (low, high) == (-math.inf, math.inf) else (low, high)


def _saturated_range(network: nn.Module, z: Tensor) -> tuple[float, float] | None:
    """The bounds that the outputs reach for the very large codes FAR * z, z (B, latent); None if they reach none."""
    made = network(FAR * z).float()
    low, high = float(made.min()), float(made.max())
    for bounds in ((-1.0, 1.0), (0.0, 1.0)):
        if abs(low - bounds[0]) < 1e-3 and abs(high - bounds[1]) < 1e-3:
            return bounds
    return (0.0, math.inf) if low == 0 and high > 1 else None


@contextlib.contextmanager
def _restored_generators(model: Model) -> Iterator[None]:
    """Restore the states of torch's global generators after the block."""
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield


@contextlib.contextmanager
def _restored_modes(model: Model) -> Iterator[None]:
    """Restore the training or evaluation mode of every layer after the block."""
    modes = [(layer, layer.training) for player in model.players.values() for layer in player.modules()]
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode
