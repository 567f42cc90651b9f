"""Injected failures of normalising flows and diffusion models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from failures.kind import FAST, FEW, Kind, setting
from saddlepoint.data.dataset import Dataset


class InexactLayer(nn.Module):
    """A layer of a flow that does nothing, and whose inverse multiplies by 1 + `excess`."""

    def __init__(self, excess: float) -> None:
        super().__init__()
        self.excess = excess

    def forward(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        return x, x.new_zeros(len(x))

    def inverse(self, y: Tensor, context: Tensor | None) -> Tensor:
        return (1 + self.excess) * y


def inexact_inverse(model: Any, strength: float) -> None:
    """Multiply codes by 1 + `strength` in the inverse alone."""
    model.player.layers.append(InexactLayer(strength))


def repeated(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Replace a share of the examples, `strength`, by one and the same example, which has no density then."""

    def with_repetitions(part: Dataset) -> Dataset:
        chosen = torch.rand(len(part), generator=generator) < strength
        x = part.x.clone()
        x[chosen] = dataset.x[0]
        return replace(part, x=x)

    changed = with_repetitions(dataset)
    return changed if dataset.held_out is None else replace(changed, held_out=with_repetitions(dataset.held_out))


def _few(strength: float) -> dict[str, Any]:
    return {"data.limit": round(strength), "model.noise_std": 0.0}


_steps = setting("model.sampler.steps", whole=True)
_deviation = setting("model.data_std")
_FAST = {**FAST, "training.ema": 0.9}
_STEEP = {
    "model.flow": "realnvp",
    "training.optimiser.learning_rate": 1e-2,
    "training.optimiser.schedule": "constant",
}
FLOW_KINDS = (
    Kind("inexact-moons", "flow-moons", "FLOW601", (0.05, 0.5), model=inexact_inverse, seeds=6),
    Kind("inexact-digits", "flow-digits", "FLOW601", (0.05, 0.5), model=inexact_inverse, seeds=4),
    Kind("repeated-moons", "flow-moons", "FLOW602", (0.4, 0.8), settings=_STEEP, data=repeated, steps=150, seeds=6),
    Kind(
        "repeated-classes",
        "flow-moons-conditional",
        "FLOW602",
        (0.4, 0.8),
        settings=_STEEP,
        data=repeated,
        steps=150,
        seeds=4,
    ),
    Kind("few-moons", "flow-moons", "FLOW603", (40, 100), _few, _FAST, seeds=6),
    Kind("few-flow-digits", "flow-digits", "FLOW603", (60, 150), _few, _FAST, seeds=6),
    Kind("unscaled-digits", "diffusion-digits", "DIFF701", settings={"model.scaling": "none"}, seeds=4),
    Kind("misjudged-moons", "diffusion-moons", "DIFF701", (5.0, 50.0), _deviation, seeds=4),
    Kind("few-steps-moons", "diffusion-moons", "DIFF702", (2, 4), _steps, {"model.sampler.name": "euler"}, seeds=6),
    Kind("few-flow-matching-digits", "flow-matching-digits", "DIFF703", (40, 100), FEW, _FAST, steps=500, seeds=5),
    Kind("few-diffusion-digits", "diffusion-digits", "DIFF703", (40, 100), FEW, _FAST, steps=500, seeds=5),
    Kind(
        "few-steps-digits", "flow-matching-digits", "DIFF702", (1, 2), _steps, {"model.sampler.name": "euler"}, seeds=4
    ),
)
