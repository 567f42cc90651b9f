"""Distributions of one number given the numbers before it: their log probabilities, and draws by given uniform numbers.

An autoregressive model is a product of such distributions, p(x) = prod_s p(x_s | x_<s). Discrete numbers lie at L levels evenly
spread over [-1, 1]. A draw is the quantile of uniform numbers, so that the same ones give the same sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from saddlepoint.objectives.likelihood import logistic_level_log_prob
from saddlepoint.objectives.precision import at_least_float32

LikelihoodName = Literal["bernoulli", "categorical", "logistic-mixture", "gaussian-mixture", "mu-law"]
LEAST_LOG_SCALE = -7.0  # of a logistic or Gaussian component: as in PixelCNN++
EDGE = 1e-7  # distance of a uniform number from 0 and 1, whose quantiles are infinite


class ConditionalLikelihood(Protocol):
    """A distribution of `block` numbers."""

    @property
    def block(self) -> int:
        """Numbers in a draw."""

    @property
    def parameters(self) -> int:
        """Numbers that a network computes for the distribution."""

    @property
    def uniforms(self) -> int:
        """Numbers that a draw needs."""

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """x (B, S, block), parameters (B, S, P) -> (B, S) nats."""

    def draw(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """parameters (B, P), uniforms (B, U) in [0, 1) -> (B, block)."""


@dataclass(frozen=True)
class Bernoulli:
    """A number that is 0 or 1; the parameter is its logit.

    For x strictly between 0 and 1, `log_prob` is minus the cross-entropy, which is no log probability.
    """

    block = parameters = uniforms = 1

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """x (B, S, 1), logits (B, S, 1) -> (B, S) nats."""
        logits = at_least_float32(parameters)
        return -functional.binary_cross_entropy_with_logits(logits, x.to(logits.dtype), reduction="none").squeeze(-1)

    def draw(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """Logits (B, 1), uniforms (B, 1) -> (B, 1)."""
        return (uniforms < parameters.sigmoid()).to(parameters.dtype)


@dataclass(frozen=True)
class Categorical:
    """A number at one of L levels, whose K bins have any probabilities; the levels in a bin are equally probable.

    Attributes:
        levels: L.
        bins: K, at most L.
    """

    levels: int
    bins: int
    block = 1

    @property
    def parameters(self) -> int:
        """K logits."""
        return self.bins

    @property
    def uniforms(self) -> int:
        """One for the bin, and one for the level in it."""
        return 1 if self.bins == self.levels else 2

    def bin_of(self, x: Tensor) -> Tensor:
        """The bin of numbers x in [-1, 1], as int64."""
        level = ((x + 1) * (0.5 * (self.levels - 1))).round().long()
        return level if self.bins == self.levels else level * self.bins // self.levels

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """x (B, S, 1), logits (B, S, K) -> (B, S) nats."""
        bins = self.bin_of(x)
        log_probs = at_least_float32(parameters).log_softmax(-1)
        of_bin = log_probs.gather(-1, bins).squeeze(-1)
        return of_bin if self.bins == self.levels else of_bin - self._edges(bins).log().squeeze(-1)

    def draw(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """Logits (B, K), uniforms (B, 1 or 2) -> (B, 1)."""
        level = _choose(parameters, uniforms[:, :1])
        if self.bins < self.levels:
            begin = _ceiling(level * self.levels, self.bins)
            level = begin + (uniforms[:, 1:] * self._edges(level)).long()
        return level.to(parameters.dtype) * (2 / max(self.levels - 1, 1)) - 1

    def _edges(self, bins: Tensor) -> Tensor:
        """The number of levels of each bin, as a float."""
        begin, end = (_ceiling((bins + more) * self.levels, self.bins) for more in (0, 1))
        return (end - begin).to(torch.float32)


@dataclass(frozen=True)
class LogisticMixture:
    """Numbers at L levels: a mixture of M logistic distributions of `block` channels, each rounded to the nearest level.

    Given the component, the mean of a channel depends linearly on the channels before it. The lowest and the highest level take the
    tails.

    Attributes:
        levels: L.
        components: M.
        block: number of channels of a pixel that are drawn together.

    References:
        PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture Likelihood and Other Modifications (Tim Salimans,
            Andrej Karpathy, Xi Chen, Diederik Kingma, 2017), https://arxiv.org/abs/1701.05517
    """

    levels: int
    components: int
    block: int = 1

    @property
    def parameters(self) -> int:
        """Of each component: a logit, a mean and a log scale of each channel, and a coefficient of each pair."""
        return self.components * (1 + 2 * self.block + self._pairs)

    @property
    def uniforms(self) -> int:
        """One for the component, and one for each channel."""
        return 1 + self.block

    @property
    def _pairs(self) -> int:
        return self.block * (self.block - 1) // 2

    def _split(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(..., P) -> logits (..., M), means and log scales (..., block, M), coefficients (..., pairs, M)."""
        rest = at_least_float32(parameters).view(
            *parameters.shape[:-1], 1 + 2 * self.block + self._pairs, self.components
        )
        logits, means, scales, coefficients = torch.split(rest, [1, self.block, self.block, self._pairs], -2)
        means = means + _spread(self.components, 0.8, means)
        # At first a component covers about a tenth of the range.
        return logits.squeeze(-2), means, (scales - 2.0).clamp(min=LEAST_LOG_SCALE), coefficients.tanh()

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """x (B, S, block), parameters (B, S, P) -> (B, S) nats."""
        logits, means, log_scales, coefficients = self._split(parameters)
        total, pair = logits.log_softmax(-1), 0
        width = 2 / max(self.levels - 1, 1)
        for channel in range(self.block):
            mean = means[..., channel, :]
            for before in range(channel):
                mean = mean + coefficients[..., pair, :] * x[..., before, None]
                pair += 1
            if self.levels > 1:
                total = total + logistic_level_log_prob(
                    x[..., channel, None], mean, log_scales[..., channel, :], width=width, low=-1.0, high=1.0
                )
        return total.logsumexp(-1)

    def draw(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """parameters (B, P), uniforms (B, 1 + block) -> (B, block)."""
        logits, means, log_scales, coefficients = self._split(parameters)
        chosen = _choose(logits, uniforms[:, :1])
        drawn: list[Tensor] = []
        pair = 0
        for channel in range(self.block):
            mean = means[:, channel].gather(1, chosen)
            for before in drawn:
                mean = mean + coefficients[:, pair].gather(1, chosen) * before
                pair += 1
            scale = log_scales[:, channel].gather(1, chosen).exp()
            value = mean + scale * uniforms[:, channel + 1, None].to(mean).clamp(EDGE, 1 - EDGE).logit()
            steps = max(self.levels - 1, 1) / 2
            drawn.append(((value.clamp(-1, 1) + 1) * steps).round() / steps - 1)
        return torch.cat(drawn, 1)


@dataclass(frozen=True)
class GaussianMixture:
    """A real number: a mixture of M Gaussian distributions.

    Attributes:
        components: M.
    """

    components: int
    block = 1
    uniforms = 2

    @property
    def parameters(self) -> int:
        """Of each component: a logit, a mean and a log standard deviation."""
        return 3 * self.components

    def _split(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(..., P) -> logits, means and log standard deviations, (..., M) each."""
        logits, means, log_stds = at_least_float32(parameters).chunk(3, -1)
        return logits, means + _spread(self.components, 1.5, means), log_stds.clamp(min=LEAST_LOG_SCALE)

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """x (B, S, 1), parameters (B, S, P) -> (B, S) nats, a density in the units of x."""
        logits, means, log_stds = self._split(parameters)
        standard = (x - means) * (-log_stds).exp()
        of_component = -0.5 * standard.square() - log_stds - 0.5 * math.log(2 * math.pi)
        return (logits.log_softmax(-1) + of_component).logsumexp(-1)

    def draw(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """parameters (B, P), uniforms (B, 2) -> (B, 1)."""
        logits, means, log_stds = self._split(parameters)
        chosen = _choose(logits, uniforms[:, :1])
        normal: Tensor = torch.special.ndtri(uniforms[:, 1:].to(means).clamp(EDGE, 1 - EDGE))
        return means.gather(1, chosen) + log_stds.gather(1, chosen).exp() * normal


def _choose(logits: Tensor, uniforms: Tensor) -> Tensor:
    """logits (B, K), uniforms (B, 1) -> (B, 1) int64: the entry in whose part of the cumulative distribution each one lies."""
    cumulative = at_least_float32(logits).softmax(-1).cumsum(-1)
    return (cumulative <= uniforms * cumulative[:, -1:]).sum(-1, keepdim=True).clamp(max=logits.shape[-1] - 1)


def _ceiling(numerator: Tensor, denominator: int) -> Tensor:
    return (numerator + denominator - 1) // denominator


def _spread(components: int, most: float, like: Tensor) -> Tensor:
    """Means that a network starts from: components that begin alike would have the same gradient and stay alike."""
    return torch.linspace(-most if components > 1 else 0.0, most, components, device=like.device, dtype=like.dtype)
