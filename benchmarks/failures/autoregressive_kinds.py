"""Failures that are injected into autoregressive models: predictions that see themselves, too few examples, and samples that drift."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from failures.kind import FAST, FEW, Kind
from saddlepoint.objectives.autoregression import BinarisationNoise, step_log_probs
from saddlepoint.objectives.phase import Batch, Nets, Observations


def leaky_output(model: Any, strength: float) -> None:
    """Let the last layer of a MADE read hidden units of its own degree, which depend on the number itself: the mask of a hidden layer."""
    network = model.player.body
    units = torch.tensor(network.degrees[-1])
    numbers = torch.arange(network.numbers).repeat_interleave(network.outputs) + 1
    network.output.mask.copy_(numbers[:, None] >= units[None, :])


def leaky_convolution(model: Any, strength: float) -> None:
    """Let the first layer of a PixelCNN read its own pixel: type B in the place of type A."""
    first = model.player.body.first
    first.mask[:, :, -1, first.side] = 1


def untrained_ends(model: Any, strength: float) -> None:
    """Train the first places of a sequence alone, a share `strength` of them; what follows is never learnt."""

    def loss(nets: Nets, batch: Batch, noise: BinarisationNoise) -> tuple[Tensor, Observations]:
        nats = -step_log_probs(nets["ar"](batch.x, batch.y), model.likelihood)
        return nats[:, : max(1, round(strength * nats.shape[1]))].sum(1), {}

    model._phases = (replace(model.phases[0], loss=loss),)


class StaleSteps:
    """Predictions of an LSTM, one after the other, whose memory is no longer written after the first `fresh` of them."""

    def __init__(self, steps: Any, fresh: int) -> None:
        self._steps, self._fresh = steps, fresh

    def advance(self, numbers: Tensor | None) -> Tensor:
        before, self._fresh = self._steps._state, self._fresh - 1
        parameters: Tensor = self._steps.advance(numbers)
        if self._fresh < 0:
            self._steps._state = before
        return parameters


def stale_memory(model: Any, strength: float) -> None:
    """Sample with a memory that is full after a share `strength` of a sequence; training is as it should be."""
    own, fresh = model.player.steps, round(strength * model.player.steps_count)
    model.player.steps = lambda *given: StaleSteps(own(*given), fresh)


AUTOREGRESSIVE_KINDS = (
    Kind("leaky-made-digits", "made-digits", "AR501", model=leaky_output, seeds=6),
    Kind("leaky-pixelcnn-digits", "pixelcnn-digits", "AR501", model=leaky_convolution, seeds=6),
    Kind("few-made-digits", "made-digits", "AR502", (60, 150), FEW, FAST, seeds=8),
    Kind("few-nade-digits", "nade-digits", "AR502", (60, 150), FEW, FAST, seeds=6),
    Kind("stale-lstm-sentences", "lstm-sentences", "AR503", (0.25, 0.5), model=stale_memory, seeds=5),
    Kind(
        "short-transformer-sentences",
        "transformer-sentences",
        "AR503",
        (0.2, 0.4),
        settings={"training.optimiser.learning_rate": 3e-3},
        model=untrained_ends,
        seeds=5,
    ),
)
