"""Bits per dimension, and what bytes need before a density can speak of them.

A density says how likely a value is per unit of its scale; bytes have probabilities. From one to the other leads the
volume of the cell that a byte represents, and two mistakes: units (a density in a model's units is another number than
in the data's) and spikes (a density may be as high as it likes at whole numbers, and low between them).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.data.dataset import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.likelihood import Likelihood, require_examples, require_finite
from saddlepoint.models.capabilities import HasDensity


def dequantise(x: Tensor, generator: torch.Generator) -> Tensor:
    """uint8 x (N, *event) -> float32, each value spread evenly over the half open unit interval around it."""
    if x.dtype != torch.uint8:
        raise DataError(f"dequantise: whole numbers (uint8) are wanted, got {x.dtype}.")
    return x.float() + torch.rand(x.shape, generator=generator, device=generator.device).to(x.device) - 0.5


def dequantised_log_likelihood(
    model: HasDensity, x: Tensor, *, generator: torch.Generator, draws: int = 4
) -> Likelihood:
    """Lower bound on log P(x) of uint8 x (N, *event): the mean log density of `draws` dequantised copies.

    By Jensen's inequality; P is the density's mass in the unit cube around x, that is of samples rounded as this
    project's are. Never evaluate a density at the whole numbers themselves: it may be infinite there.

    A Note on the Evaluation of Generative Models (Lucas Theis, Aaron van den Oord, Matthias Bethge, 2016), section 3.1.
    https://arxiv.org/abs/1511.01844

    Raises:
        DataError: other data than uint8, or a log density that is not finite.
    """
    values = [require_finite(model.log_prob(dequantise(require_examples(x), generator))).double() for _ in range(draws)]
    return Likelihood(torch.stack(values).mean(0), "lower bound", f"dequantised log density, {draws} draws")


def bits_per_dimension(
    values: Tensor, event: Event, *, of: Literal["density", "probability"], bin_width: float | None = None
) -> Tensor:
    """-log2 P / D of (N,) nats: of log probabilities as they are, or of log densities in the *data's units* over bins.

    bin_width: of the data's quantisation in its own units; 1 for uint8 where None. A log density in a model's units
    becomes one in the data's by adding `Scaling.log_abs_det`; `log_prob` of this project's models has done so.

    Raises:
        SettingError: a density of float32 data without a bin width: its bits would be those of the choice of units.
    """
    if of == "probability":
        return -values / (event.size * math.log(2))
    width = 1.0 if bin_width is None and event.dtype == "uint8" else bin_width
    if width is None or not width > 0:
        raise SettingError(
            "bits per dimension: a density of float32 data changes with their units; give bin_width, the step between two "
            "values of the original data (1/255 for bytes that were divided by 255)."
        )
    return -(values / event.size + math.log(width)) / math.log(2)
