"""Bits per dimension, and dequantisation, which makes densities of bytes meaningful.

A density gives the likelihood per unit of scale, but bytes have probabilities. The volume of the cell that a byte
represents converts one to the other. Two mistakes are common: units (a density in a model's units differs from that in
the data's units) and spikes (a density may be arbitrarily high at whole numbers and low between them).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.likelihood import Likelihood, require_examples, require_finite
from saddlepoint.models.capabilities import HasDensity


def dequantise(x: Tensor, generator: torch.Generator) -> Tensor:
    """Add uniform noise from [-1/2, 1/2) to bytes.

    Args:
        x: (N, *event) uint8.
        generator: of the noise.

    Returns:
        (N, *event) float32.

    Raises:
        DataError: x is not uint8.
    """
    if x.dtype != torch.uint8:
        raise DataError(f"dequantise: whole numbers (uint8) are wanted, got {x.dtype}.")
    return x.float() + torch.rand(x.shape, generator=generator, device=generator.device).to(x.device) - 0.5


def dequantised_log_likelihood(
    model: HasDensity, x: Tensor, *, generator: torch.Generator, draws: int = 4
) -> Likelihood:
    """Lower bound on log P(x) of bytes x, the mean log density of dequantised copies (Jensen's inequality).

    P is the mass of the density in the unit cube around x, which is the probability of a sample that is rounded to
    bytes. Never evaluate a density at whole numbers themselves, where it may be infinite.

    Args:
        model: with a density.
        x: (N, *event) uint8.
        generator: of the noise.
        draws: dequantised copies of each example.

    Raises:
        DataError: x is not uint8, or a log density is not finite.

    References:
        A Note on the Evaluation of Generative Models (Lucas Theis, Aaron van den Oord, Matthias Bethge, 2016), section
            3.1,
        https://arxiv.org/abs/1511.01844
    """
    values = [require_finite(model.log_prob(dequantise(require_examples(x), generator))).double() for _ in range(draws)]
    return Likelihood(torch.stack(values).mean(0), "lower bound", f"dequantised log density, {draws} draws")


def bits_per_dimension(
    values: Tensor, event: Event, *, of: Literal["density", "probability"], bin_width: float | None = None
) -> Tensor:
    """-log2 P / D, from log probabilities or from log densities in the data's units.

    A log density in a model's units becomes one in the data's units by adding `Scaling.log_abs_det`; the method
    `log_prob` of this package's models includes it.

    Args:
        values: (N,) nats.
        event: with D numbers.
        of: whether `values` are log densities or log probabilities.
        bin_width: width of the quantisation bins in the data's units; for uint8 it is 1 by default.

    Returns:
        (N,) bits.

    Raises:
        SettingError: a density of float32 data without a bin width; the result would depend on the choice of units.
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
