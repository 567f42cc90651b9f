"""Compute the minimum memory that training needs, before it is allocated.

The model is built on torch's meta device, which has shapes but no data. The result is a lower bound: libraries and temporary
results need more. `saddlepoint train --dry-run` measures the memory that training uses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from saddlepoint.data.capacity import memory_limit, size
from saddlepoint.data.event import Event
from saddlepoint.errors import SaddlepointError, SettingError
from saddlepoint.models import construct
from saddlepoint.models.base import Model
from saddlepoint.networks.minibatch import DIMENSIONS
from saddlepoint.networks.pyramid import channels, levels
from saddlepoint.networks.settings import NETWORKS, NetworkChoice, NetworkSettings
from saddlepoint.recipe import Recipe
from saddlepoint.training.settings import OptimiserSettings

FLOAT = 4  # bytes
BEYOND = 1 << 63  # bytes: more than torch can address
# Numbers that an optimiser keeps for each weight, at least.
KEPT = {"sgd": 0, "optimistic-sgd": 1, "rmsprop": 1}
KEPT_BY_ADAM = 2


@dataclass(frozen=True)
class Needs:
    """Memory in bytes.

    Attributes:
        parameters: parameters, their gradients and their moving averages.
        optimiser: state of the optimisers.
        batch: examples and activations of one step.
    """

    parameters: int
    optimiser: int
    batch: int

    @property
    def total(self) -> int:
        """The sum in bytes."""
        return self.parameters + self.optimiser + self.batch


def require_memory(recipe: Recipe, event: Event, examples: int) -> None:
    """Check that training does not need more memory than this process can use.

    Args:
        recipe: what will be trained; the user's own networks are not counted (and not imported).
        event: of the data.
        examples: the number of training examples, which limits the batch.

    Raises:
        SettingError: training needs more memory.
    """
    limit = memory_limit()
    # The exact count imports torch's meta device, which takes seconds: only where the result may matter.
    if limit is None or rough_memory(recipe, event, examples) < limit:
        return
    needs = needed_memory(recipe, event, examples)
    if needs is None or needs.total <= limit:
        return
    if needs.total >= BEYOND:
        raise SettingError(
            f"{recipe.name}: this model has more weights than torch can address: {_remedy(recipe, needs)}."
        )
    raise SettingError(
        f"{recipe.name}: training needs at least {size(needs.total)} of memory (parameters and gradients "
        f"{size(needs.parameters)}, optimiser {size(needs.optimiser)}, a batch {size(needs.batch)}), and this process can "
        f"use {size(limit)}: {_remedy(recipe, needs)}."
    )


def needed_memory(recipe: Recipe, event: Event, examples: int) -> Needs | None:
    """Return the minimum memory that training needs.

    Args:
        recipe: the resolved recipe.
        event: of the dataset.
        examples: the number of training examples.

    Returns:
        Bytes by part; None if they cannot be computed, for a reason that a later error explains.
    """
    settings = recipe.model.model_copy(update=dict(_without_own(recipe)))
    training = recipe.training
    batch_size = min(recipe.model.batch_size(training.batch_size, examples), examples)
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            model = construct(settings, event)
            batch = _batch(model, batch_size, event)
    except RuntimeError as error:
        return Needs(BEYOND, 0, 0) if "overflow" in str(error) else None
    except (SaddlepointError, NotImplementedError, TypeError, ValueError):
        return None
    parameters = optimiser = 0
    for name, player in model.players.items():
        count = sum(parameter.numel() for parameter in player.parameters())
        copies = 2 + (training.ema > 0 and name in model.averaged)
        parameters += FLOAT * count * copies
        optimiser += FLOAT * count * _kept(training.player(model.roles[name]))
    return Needs(parameters, optimiser, batch)


def rough_memory(recipe: Recipe, event: Event, examples: int) -> int:
    """Return an upper bound of `needed_memory` from the settings alone."""
    batch_size = min(recipe.model.batch_size(recipe.training.batch_size, examples), examples)
    latent = getattr(recipe.model, "latent", 0)
    discriminator = getattr(recipe.model, "discriminator", None)
    packing, kernels = getattr(discriminator, "packing", 1), getattr(discriminator, "minibatch_kernels", 0)
    ends = event.size * packing + latent
    weights, results = ends, event.size + latent
    for _, network in recipe.model:
        if not isinstance(network, NetworkChoice) or ":" in network.network:
            continue
        if network.arguments:
            return BEYOND  # only the builder knows how an argument changes the size
        if not isinstance(network, NetworkSettings):
            bounds = network.rough_size(event.size, event.levels)
            if bounds is None:
                return BEYOND
            weights, results = weights + bounds[0], results + bounds[1]
            continue
        if NETWORKS[network.network].convolutional and len(event.shape) > 1:
            sizes = levels(event.shape[1:])
            # Counted as convolutions of kernel 4 that are at least 64 channels wide, four times: no built-in network has more.
            widths = [event.shape[0] * packing, *(max(n, 64) for n in channels(network.width, len(sizes)))]
            features = widths[-1] * math.prod(sizes[-1])
            kernel = 4 ** (len(event.shape) - 1)
            weights += sum((before * kernel + 3) * after for before, after in pairwise(widths)) * 4
            weights += features * (latent + 2)
            results += 3 * sum(width * math.prod(size) for width, size in zip(widths[1:], sizes, strict=True))
        else:
            pieces = network.maxout_pieces if network.activation == "maxout" else 1
            widths = [ends, *network.hidden, ends]
            weights += sum((before + 3) * after * pieces for before, after in pairwise(widths))
            results += 3 * pieces * sum(widths)
            features = max(widths)
        # Heads of a VAE, and the features that minibatch discrimination compares.
        weights += features * (2 * latent + DIMENSIONS * kernels + 1) + kernels
        results += 4 * latent + DIMENSIONS * kernels * (batch_size + 1)
    return FLOAT * (8 * weights + 3 * batch_size * results)


def _kept(settings: OptimiserSettings) -> int:
    """Return how many numbers an optimiser stores for each weight."""
    kept = KEPT.get(settings.name, KEPT_BY_ADAM) + (settings.momentum > 0)
    return kept + (settings.lookahead > 0) + (settings.historical_averaging > 0)


def _without_own(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    """Yield settings in the place of those that name the user's own code: a small built-in network, no other part."""
    for field, value in recipe.model:
        if isinstance(value, NetworkChoice):
            if ":" in value.network:
                smallest = {"network": next(iter(value.registered)), "hidden": (1,), "arguments": {}}
                yield field, value.model_copy(update=smallest)
        elif field == "objective" and ":" in value:
            yield field, type(recipe.model).model_fields[field].default
        elif isinstance(value, Mapping):
            built_in = {k: part for k, part in value.items() if ":" not in k + getattr(part, "name", "")}
            if len(built_in) < len(value):
                yield field, built_in


def _batch(model: Model, n: int, event: Event) -> int:
    """Bytes of one batch, and of the results that a forward pass over it stores for the backward pass."""
    largest = 0
    for name, arguments in model.player_inputs(torch.zeros(n, *event.shape), None).items():
        with _Outputs() as outputs:
            model.players[name](*arguments)
        # Of two results in a row, such as a layer's and its activation's, one is kept for the backward pass.
        largest = max(largest, outputs.total // 2, outputs.largest)
    return FLOAT * n * event.size + largest


class _Outputs(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sums the bytes of all results that are not views of other tensors."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = self.largest = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not any(value.alias_info for value in func._schema.returns):
            for tensor in result if isinstance(result, tuple | list) else (result,):
                if isinstance(tensor, Tensor):
                    self.total += tensor.nbytes
                    self.largest = max(self.largest, tensor.nbytes)
        return result


def _remedy(recipe: Recipe, needs: Needs) -> str:
    if needs.batch > needs.parameters + needs.optimiser:
        return "lower training.batch_size, or take smaller networks"
    sizes = ["model.latent"] if hasattr(recipe.model, "latent") else []
    for role, value in recipe.model:
        if isinstance(value, NetworkChoice) and ":" not in value.network:
            sizes.append(f"model.{role}.{value.registered[value.network].uses[0]}")
    return f"lower {', '.join(sizes)}"
