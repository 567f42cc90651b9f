"""Measurements of a diffusion model during training: losses at given noise levels, and the error of the sampler's steps."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from saddlepoint.models.arrays import in_chunks
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.denoising import DenoisingNoise, Formulation, denoising
from saddlepoint.objectives.phase import Batch


def losses(
    player: nn.Module,
    formulation: Formulation,
    x: Tensor,
    noise: DenoisingNoise,
    weights: Tensor | None,
    chunk: int,
) -> Tensor:
    """Return the loss of each example.

    Args:
        player: the network.
        formulation: the path and the target.
        x: (N, *event) in the model's units.
        noise: the noise, and the time of each example.
        weights: of the classes (N, classes), zeros for an unknown class; None without labels.
        chunk: number of examples in a pass.

    Returns:
        (N,).
    """
    loss = denoising(formulation, None if weights is None else lambda own, _: own)

    def run(index: Tensor) -> Tensor:
        batch = Batch(x[index], None if weights is None else weights[index])
        values, _ = loss({"dm": player}, batch, DenoisingNoise(noise.time[index], noise.noise[index]))
        return values

    with evaluating(player):
        return in_chunks(run, torch.arange(len(x), device=x.device), chunk)


def steps_error(player: nn.Module, generate: Callable[[Tensor, int], Tensor], codes: Tensor, steps: int) -> Tensor:
    """Return the median distance () between samples from the same codes with this number of steps and with twice as many.

    Args:
        player: the network.
        generate: codes (N, latent) and a number of steps -> (N, *event) in the model's units.
        codes: (N, latent).
        steps: of the sampler.

    Returns:
        The median over samples of the root mean square difference of their numbers.
    """
    with evaluating(player):
        usual, twice = (generate(codes, count) for count in (steps, 2 * steps))
    return (usual - twice).square().flatten(1).mean(1).sqrt().median()
