"""Draws of whole examples, number after number, and a test of whether the predictions keep to that order."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from saddlepoint.models.autoregressive.network import Autoregression
from saddlepoint.networks.perturbing import perturbed

LEAK = 1e-4  # relative to the predictions' size: smaller differences are rounding errors
PLACES = 128  # at which the order is tested: a network that leaks does so at most of them
ROWS = 64  # examples in one pass of that test


class Known(NamedTuple):
    """Numbers that are given.

    Attributes:
        numbers: (B, S, block), in order and in the model's units.
        mask: (B, S, block) bool, whether they are known.
    """

    numbers: Tensor
    mask: Tensor


def generate(
    player: Autoregression, uniforms: Tensor, labels: Tensor | None, cached: bool = True, known: Known | None = None
) -> Tensor:
    """Draw number after number.

    Args:
        player: the network, in evaluation mode.
        uniforms: (B, S, U) on [0, 1), of which the result is a function.
        labels: (B,) int64, or None.
        cached: whether each activation is computed once, instead of a full pass for every number.
        known: numbers that are taken instead of the drawn ones.

    Returns:
        (B, *event) in the model's units.
    """
    likelihood = player.likelihood
    steps = player.steps(len(uniforms), labels, cached)
    drawn: list[Tensor] = []
    given: Tensor | None = None
    for step in range(player.steps_count):
        numbers = likelihood.draw(steps.advance(given), uniforms[:, step])
        if player.varying is not None and player.constants is not None:
            numbers = torch.where(player.varying[step] > 0, numbers, player.constants[step])
        if known is not None:
            numbers = torch.where(known.mask[:, step], known.numbers[:, step], numbers)
        drawn.append(numbers)
        given = player.features(numbers)
    return player.examples(torch.stack(drawn, 1))


def in_row_chunks(function: Callable[[slice], Tensor], n: int, size: int) -> Tensor:
    """Concatenate the results for slices of at most `size` of n rows; for no rows, that of an empty slice.

    Args:
        function: slice of rows -> (rows, ...).
        n: number of rows.
        size: rows in a slice.
    """
    return torch.cat([function(slice(begin, min(begin + size, n))) for begin in range(0, max(n, 1), size)])


def leaking_steps(player: Autoregression, x: Tensor, labels: Tensor | None, generator: torch.Generator) -> Tensor:
    """Find predictions that depend on the numbers they predict or on later ones.

    At many places, all numbers from there on are replaced by those of a random example; no prediction up to that place may change.
    A network that predicts the same for every example, as one does whose last layer is initialised to 0, is tested with other
    weights.

    Args:
        player: the network, in evaluation mode and without gradients.
        x: (B, *event) examples in the model's units.
        labels: (B,) int64, or None.
        generator: draws places and numbers.

    Returns:
        (K,) int64, increasing: positions of the predictions that change.
    """
    predictions = player(x, labels).parameters
    if len(x) > 1 and (predictions - predictions[:1]).abs().max() <= LEAK * predictions.abs().max():
        with perturbed(player):
            return _leaking_steps(player, x, labels, generator)
    return _leaking_steps(player, x, labels, generator)


def _leaking_steps(player: Autoregression, x: Tensor, labels: Tensor | None, generator: torch.Generator) -> Tensor:
    """As `leaking_steps`, with the weights as they are."""
    blocks = player.blocks(x)
    count = player.steps_count
    places = torch.randperm(count, generator=generator, device=generator.device)[:PLACES].to(x.device)
    position = torch.arange(count, device=x.device)
    leaks = torch.zeros(count, dtype=torch.bool, device=x.device)
    for part in torch.split(places, ROWS):
        rows = torch.arange(len(part), device=x.device) % len(x)
        own = None if labels is None else labels[rows]
        before = player(player.examples(blocks[rows]), own).parameters
        uniforms = torch.rand(
            len(part), count, player.likelihood.uniforms, generator=generator, device=generator.device
        )
        # Of equal predictions everywhere, so that the draws have any value that the likelihood allows.
        flat = torch.zeros(len(part) * count, player.likelihood.parameters, device=x.device, dtype=x.dtype)
        other = player.likelihood.draw(flat, uniforms.to(x).flatten(0, 1)).view_as(blocks[rows]).to(x.dtype)
        later = position >= part[:, None]
        changed = torch.where(later[..., None], other, blocks[rows])
        after = player(player.examples(changed), own).parameters
        differ = (after - before).abs().amax(2) > LEAK * before.abs().amax()
        leaks |= (differ & (position <= part[:, None])).any(0)
    return leaks.nonzero().flatten().cpu()
