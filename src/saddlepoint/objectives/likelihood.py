"""Log likelihoods of examples given a network's output, and the importance-weighted bound; in nats."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from saddlepoint.objectives import reconstruction
from saddlepoint.objectives.precision import at_least_float32


def bernoulli_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x) of independent Bernoulli variables.

    Args:
        x: (B, *event) in [0, 1].
        logits: (B, *event).

    Returns:
        (B,) nats.
    """
    return -reconstruction.bernoulli(logits, x)


def gaussian_log_prob(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """log N(x; mean, e^(2 log_std) I).

    Args:
        x: (B, *event).
        mean: (B, *event), in the units of x.
        log_std: (), the logarithm of the standard deviation in the units of x.

    Returns:
        (B,) nats, a density in the units of x.
    """
    size = math.prod(x.shape[1:])
    log_std = at_least_float32(log_std)
    squared = reconstruction.l2(mean, x)
    return -0.5 * squared * torch.exp(-2 * log_std) - size * (log_std + 0.5 * math.log(2 * math.pi))


def log_likelihood(x: Tensor, output: Tensor, log_std: Tensor | None) -> Tensor:
    """log p(x | output), Gaussian if there is a standard deviation, else Bernoulli.

    Args:
        x: (B, *event).
        output: (B, *event), the mean of the Gaussian or the logits of the Bernoulli distribution.
        log_std: () of the Gaussian distribution; None for Bernoulli.

    Returns:
        (B,) nats.
    """
    return bernoulli_log_prob(x, output) if log_std is None else gaussian_log_prob(x, output, log_std)


def student_t_log_prob(x: Tensor, location: Tensor, log_scale: Tensor, degrees_of_freedom: float) -> Tensor:
    """log p(x) of independent Student-t variables, whose tails are heavier than a Gaussian's.

    Args:
        x: (B, *event).
        location: (B, *event), in the units of x.
        log_scale: (), the logarithm of the scale in the units of x.
        degrees_of_freedom: above 0; the limit of many is the Gaussian.

    Returns:
        (B,) nats, a density in the units of x.

    References:
        Robust Statistical Modeling Using the t Distribution (Kenneth Lange, Roderick Little, Jeremy Taylor, 1989),
            https://doi.org/10.1080/01621459.1989.10478852
    """
    log_scale, half = at_least_float32(log_scale), 0.5 * degrees_of_freedom
    squared = ((x - at_least_float32(location)) * torch.exp(-log_scale)).square()
    constant = math.lgamma(half + 0.5) - math.lgamma(half) - 0.5 * math.log(math.pi * degrees_of_freedom)
    terms = (half + 0.5) * torch.log1p(squared / degrees_of_freedom)
    return math.prod(x.shape[1:]) * (constant - log_scale) - terms.flatten(1).sum(1)


def discretised_logistic_log_prob(
    x: Tensor, location: Tensor, log_scale: Tensor, *, width: float, low: float, high: float
) -> Tensor:
    """log P(x) of independent discretised logistic variables: the probability of the interval around each level.

    The intervals of the lowest and the highest level are unbounded on one side, so that the levels' probabilities sum to 1.

    Args:
        x: (B, *event), each number one of the levels low, low + width, ..., high.
        location: (B, *event), in the units of x.
        log_scale: (), the logarithm of the scale in the units of x.
        width: distance of two levels.
        low: the lowest level.
        high: the highest level.

    Returns:
        (B,) nats.

    References:
        PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture Likelihood and Other Modifications (Tim Salimans,
            Andrej Karpathy, Xi Chen, Diederik Kingma, 2017), https://arxiv.org/abs/1701.05517
    """
    return logistic_level_log_prob(x, location, log_scale, width=width, low=low, high=high).flatten(1).sum(1)


def logistic_level_log_prob(
    x: Tensor, location: Tensor, log_scale: Tensor, *, width: float, low: float, high: float
) -> Tensor:
    """As `discretised_logistic_log_prob`, of each number by itself: in nats, in the shape that the arguments have together."""
    inverse = torch.exp(-at_least_float32(log_scale))
    centred = x - at_least_float32(location)
    above = functional.logsigmoid((centred + 0.5 * width) * inverse)  # log P(X <= upper end)
    below = functional.logsigmoid((0.5 * width - centred) * inverse)  # log P(X > lower end)
    # sigmoid(u) - sigmoid(l) = sigmoid(u) sigmoid(-l) (1 - e^(l - u)), which loses no digits far from the location.
    inside = above + below + torch.log(-torch.expm1(-width * inverse))
    return torch.where(x < low + 0.5 * width, above, torch.where(x > high - 0.5 * width, below, inside))


def interval_log_prob(low: Tensor, high: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """log P(low < X < high) of Gaussian variables, without cancellation far from the mean.

    Args:
        low: lower ends, in the shape of the mean.
        high: upper ends, above the lower ones.
        mean: of any shape, in the units of the ends.
        log_std: (), the logarithm of the standard deviation in these units.

    Returns:
        Nats, in the shape of the mean.
    """
    scale = torch.exp(-log_std)
    low, high = (low - mean) * scale, (high - mean) * scale
    # The lower tail keeps its digits: an interval above the mean is mirrored.
    above = low > 0
    low, high = torch.where(above, -high, low), torch.where(above, -low, high)
    below_high, below_low = standard_normal_log_cdf(high), standard_normal_log_cdf(low)
    tiny = torch.finfo(low.dtype).tiny
    return below_high + torch.log((-torch.expm1(below_low - below_high)).clamp(min=tiny))


def standard_normal_log_cdf(x: Tensor) -> Tensor:
    """log P(X < x) of a standard normal variable, in nats and in the shape of x; `torch.func` can stack it, unlike torch's own."""
    lower, upper = (part * math.sqrt(0.5) for part in (x.clamp(max=0.0), x.clamp(min=0.0)))
    tail = torch.log(0.5 * torch.special.erfcx(-lower)) - lower.square()
    return torch.where(x < 0, tail, torch.log1p(-0.5 * torch.special.erfc(upper)))


def standard_normal_log_prob(z: Tensor) -> Tensor:
    """log N(z; 0, I).

    Args:
        z: (B, D).

    Returns:
        (B,) nats.
    """
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)


def importance_bound(log_weights: Tensor) -> Tensor:
    """log of the mean weight, log(1/K sum_k w_k).

    For w = p(x, z) / q(z | x) with z drawn from q, its expectation is a lower bound on log p(x). The bound is the evidence
    lower bound for K = 1, does not decrease as K grows, and converges to log p(x).

    Args:
        log_weights: (K, B), log w.

    Returns:
        (B,) nats.

    References:
        Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015),
            https://arxiv.org/abs/1509.00519
    """
    return torch.logsumexp(log_weights, 0) - math.log(log_weights.shape[0])
