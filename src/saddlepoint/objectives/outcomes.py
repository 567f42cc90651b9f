"""Losses of outcomes given what is known: numbers with Gaussian distributions, and flags with probabilities.

An example is a row of what is given (a state and an action), numbers (the change of the state, the reward) and flags of 0 and 1
(whether the episode ends).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32

BOUNDS_WEIGHT = 1e-4  # of the range that log-variances may have; small, since balanced costs are small where a number is almost certain

Split = Callable[
    [Tensor], tuple[Tensor, Tensor, Tensor]
]  # rows (B, *event) -> given (B, G), numbers (B, M), flags (B, F)


@noise_bundle
@dataclass(frozen=True)
class OutcomeNoise:
    """The random numbers of one update.

    Attributes:
        epsilon: (B, latent) standard normal: codes of the VAE, or the generator's noise; None for an ensemble.
    """

    epsilon: Tensor | None = None


def gaussian_costs(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """-log N(x; mean, e^log_variance) of each number: (..., M) each -> (..., M) nats."""
    log_variance = at_least_float32(log_variance)
    squared = (x - at_least_float32(mean)).square() * torch.exp(-log_variance)
    return 0.5 * (squared + log_variance + math.log(2 * math.pi))


def balanced(costs: Tensor, log_variance: Tensor) -> Tensor:
    """Costs (..., M) times the standard deviation, which has no gradient, summed over the last axis.

    The gradient of a Gaussian cost grows with the inverse variance: numbers that are almost certain would dominate the shared layers, and
    flags and other numbers would not be learnt. Times the standard deviation, all errors weigh alike.

    References:
        On the Pitfalls of Heteroscedastic Uncertainty Estimation with Probabilistic Neural Networks (Maximilian Seitzer, Arash Tavakoli,
            Dimitrije Antic, Georg Martius, 2022), https://arxiv.org/abs/2203.09168 (beta = 1/2)
    """
    return (costs * torch.exp(0.5 * at_least_float32(log_variance)).detach()).sum(-1)


def flag_cost(flags: Tensor, logits: Tensor) -> Tensor:
    """-log p of flags of 0 and 1, summed over the last axis: (..., F) each -> (...) nats."""
    logits = at_least_float32(logits)
    return (softplus(logits) - flags * logits).sum(-1)


def ensemble_likelihood(split: Split) -> Loss:
    """Return the balanced negative log likelihood of Gaussian networks with bounded variances, the mean over K members.

    The loss uses nets["dyn"](given) -> (mean (K, B, M), log-variance (K, B, M), logits (K, B, F), width of the bounds of the log-variances
    (M,)). It observes `numbers` and `flags`, the two terms, (B,) in nats.

    Args:
        split: of rows into what is given, numbers and flags.

    References:
        Deep Reinforcement Learning in a Handful of Trials using Probabilistic Dynamics Models (Kurtland Chua, Roberto Calandra, Rowan
            McAllister, Sergey Levine, 2018), appendix A.1, https://arxiv.org/abs/1805.12114
    """

    def loss(nets: Nets, batch: Batch, noise: OutcomeNoise) -> tuple[Tensor, Observations]:
        given, numbers, flags = split(batch.x)
        mean, log_variance, logits, width = nets["dyn"](given)
        costs = gaussian_costs(numbers, mean, log_variance)
        of_flags = flag_cost(flags, logits).mean(0)
        observed = {"numbers": costs.detach().sum(-1).mean(0), "flags": of_flags.detach()}
        return balanced(costs, log_variance).mean(0) + of_flags + BOUNDS_WEIGHT * width.sum(), observed

    return loss


def conditional_evidence(split: Split, beta: float = 1.0) -> Loss:
    """Return the negative evidence lower bound -E_q[log p(outcome | z, given)] + beta KL(q(z | given, outcome) || N(0, I)), in nats.

    The loss uses nets["dyn"](given, numbers, flags, epsilon) -> (mean, log-variance (M,), logits, code's mean, code's log-variance), and
    observes `kl`, `numbers` and `flags`, (B,) in nats.

    Args:
        split: of rows into what is given, numbers and flags.
        beta: weight of the KL term.

    References:
        Learning Structured Output Representation using Deep Conditional Generative Models (Kihyuk Sohn, Honglak Lee, Xinchen Yan, 2015),
            https://papers.nips.cc/paper/5775
    """

    def loss(nets: Nets, batch: Batch, noise: OutcomeNoise) -> tuple[Tensor, Observations]:
        given, numbers, flags = split(batch.x)
        mean, log_variance, logits, code_mean, code_log_variance = nets["dyn"](given, numbers, flags, noise.epsilon)
        of_numbers, of_flags = gaussian_costs(numbers, mean, log_variance).sum(-1), flag_cost(flags, logits)
        kl = kl_standard_normal(code_mean, code_log_variance)
        observed = {"kl": kl.detach(), "numbers": of_numbers.detach(), "flags": of_flags.detach()}
        return of_numbers + of_flags + beta * kl, observed

    return loss
