"""The game of a conditional generator of outcomes: real and generated outcomes of the same given numbers are compared in pairs.

References:
    Conditional Generative Adversarial Nets (Mehdi Mirza, Simon Osindero, 2014), https://arxiv.org/abs/1411.1784
    The GAN is dead; long live the GAN! A Modern Baseline GAN (Huang, Gokaslan, Kuleshov, Tompkin, 2024),
        https://arxiv.org/abs/2501.05441 (the relativistic loss with R1 and R2)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.objectives.adversarial.penalties import half, logit_and_squared_slope
from saddlepoint.objectives.outcomes import OutcomeNoise, Split
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32


def outcome_critic(split: Split, weight: float) -> Loss:
    """Return the discriminator's loss softplus(D(fake) - D(real)) + weight (R1 + R2), in nats.

    The loss uses nets["dyn"](given, epsilon) -> (numbers, flags in [0, 1]) and nets["critic"](rows) -> (B,) logits, and observes `real_score`,
    `fake_score`, `real_slope` and `fake_slope`, (B,) each.

    Args:
        split: of rows into what is given, numbers and flags.
        weight: of the penalties.
    """

    def loss(nets: Nets, batch: Batch, noise: OutcomeNoise) -> tuple[Tensor, Observations]:
        given, numbers, flags = split(batch.x)
        made = torch.cat(nets["dyn"](given, noise.epsilon), -1).detach()
        real = torch.cat([numbers, flags], -1)
        scores, slopes = zip(*(_judge(nets, given, outcome) for outcome in (real, made)), strict=True)
        cost = softplus(scores[1] - scores[0]) + weight * (half(slopes[0]) + half(slopes[1]))
        names = ("real_score", "fake_score", "real_slope", "fake_slope")
        values = (*scores, *(slope.sqrt() for slope in slopes))
        return cost, {name: value.detach() for name, value in zip(names, values, strict=True)}

    return loss


def outcome_generator(split: Split) -> Loss:
    """Return the generator's loss softplus(D(real) - D(fake)), in nats.

    Args:
        split: of rows into what is given, numbers and flags.
    """

    def loss(nets: Nets, batch: Batch, noise: OutcomeNoise) -> tuple[Tensor, Observations]:
        given, numbers, flags = split(batch.x)
        made = at_least_float32(nets["critic"](torch.cat([given, *nets["dyn"](given, noise.epsilon)], -1)))
        real = at_least_float32(nets["critic"](torch.cat([given, numbers, flags], -1)))
        return softplus(real - made), {}

    return loss


def _judge(nets: Nets, given: Tensor, outcome: Tensor) -> tuple[Tensor, Tensor]:
    """The logits of outcomes, and the squared norms of their gradients with respect to the outcomes, (B,) each."""
    return logit_and_squared_slope(lambda x: at_least_float32(nets["critic"](torch.cat([given, x], -1))), outcome)
