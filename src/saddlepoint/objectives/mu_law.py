"""Mu-law companding: real numbers, such as the samples of a sound, rounded to levels that lie closer together near 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.objectives.autoregressive_likelihood import Categorical


def compress(x: Tensor, mu: float) -> Tensor:
    """sign(x) log(1 + mu |x|) / log(1 + mu): [-1, 1] -> [-1, 1]; numbers beyond that range become its ends.

    Args:
        x: any shape.
        mu: above 0.
    """
    return x.sign() * torch.log1p(mu * x.abs().clamp(max=1.0)) / math.log1p(mu)


def expand(y: Tensor, mu: float) -> Tensor:
    """sign(y) ((1 + mu)^|y| - 1) / mu: the inverse of `compress`, [-1, 1] -> [-1, 1].

    Args:
        y: any shape.
        mu: above 0.
    """
    return y.sign() * torch.expm1(y.abs() * math.log1p(mu)) / mu


@dataclass(frozen=True)
class MuLaw(Categorical):
    """A number in [-1, 1] that is compressed with mu = L - 1 and rounded to the nearest of L levels, each with any probability.

    `log_prob` is the log probability of the level, and a draw is the number at the middle of its level.

    Attributes:
        levels: L, at least 2; 256 as in telephony.
        bins: L as well.

    References:
        Pulse code modulation (PCM) of voice frequencies (ITU-T recommendation G.711, 1988), https://www.itu.int/rec/T-REC-G.711
        WaveNet: A Generative Model for Raw Audio (Aaron van den Oord et al., 2016), section 2.2, https://arxiv.org/abs/1609.03499
    """

    def bin_of(self, x: Tensor) -> Tensor:
        """The level of numbers x in [-1, 1], as int64."""
        return super().bin_of(compress(x, self.levels - 1).nan_to_num())

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """x (B, S, 1), logits (B, S, L) -> (B, S) nats; NaN where x is."""
        log_probs = super().log_prob(x, parameters)
        return log_probs.masked_fill(x.isnan().squeeze(-1), math.nan)

    def draw(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """Logits (B, L), uniforms (B, 1) -> (B, 1)."""
        return expand(super().draw(parameters, uniforms), self.levels - 1)

    def companded(self, x: Tensor) -> Tensor:
        """The levels of numbers x, evenly spread over [-1, 1]: what a network reads that takes numbers instead of symbols."""
        return self.bin_of(x).to(x.dtype) * (2 / (self.levels - 1)) - 1
