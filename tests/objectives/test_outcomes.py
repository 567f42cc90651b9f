"""Losses of outcomes: closed forms, and gradients that the certainty of a number does not change."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from saddlepoint.objectives.adversarial.outcomes import outcome_critic, outcome_generator
from saddlepoint.objectives.outcomes import (
    OutcomeNoise,
    balanced,
    conditional_evidence,
    ensemble_likelihood,
    flag_cost,
    gaussian_costs,
)
from saddlepoint.objectives.phase import Batch

ROWS = torch.rand(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).round(decimals=1)
ROWS[:, 3] = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])


def split(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One given column, two numbers, one flag."""
    return rows[:, :1], rows[:, 1:3], rows[:, 3:]


def test_costs_are_negative_log_probabilities() -> None:
    mean, log_variance = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = torch.zeros(5, 3, dtype=torch.float64)
    expected = -Normal(mean, torch.exp(0.5 * log_variance)).log_prob(x)
    torch.testing.assert_close(gaussian_costs(x, mean, log_variance), expected)
    flags = torch.tensor([[1.0, 0.0, 1.0]], dtype=torch.float64).expand(5, 3)
    torch.testing.assert_close(flag_cost(flags, mean), -Bernoulli(logits=mean).log_prob(flags).sum(1))


@pytest.mark.parametrize("log_variance", [-8.0, 0.0, 3.0])
def test_an_error_in_standard_deviations_has_the_same_gradient_at_any_variance(log_variance: float) -> None:
    width = math.exp(0.5 * log_variance)
    mean = torch.full((1, 1), 0.7 * width, dtype=torch.float64, requires_grad=True)
    wide = torch.full((1, 1), log_variance, dtype=torch.float64, requires_grad=True)
    costs = gaussian_costs(torch.zeros(1, 1, dtype=torch.float64), mean, wide)
    balanced(costs, wide).sum().backward()
    assert mean.grad is not None
    assert float(mean.grad) == pytest.approx(0.7)


def test_an_ensemble_costs_the_mean_of_its_members() -> None:
    mean = torch.randn(3, 6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    logits, none = torch.zeros(3, 6, 1, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)

    def cost(members: slice) -> torch.Tensor:
        nets = {"dyn": lambda given: (mean[members], torch.zeros_like(mean[members]), logits[members], none)}
        return ensemble_likelihood(split)(nets, Batch(ROWS), OutcomeNoise())[0]

    each = torch.stack([cost(slice(k, k + 1)) for k in range(3)])
    torch.testing.assert_close(cost(slice(0, 3)), each.mean(0))


@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_the_evidence_weighs_the_divergence_of_the_code(weight: float) -> None:
    code = torch.full((6, 2), 0.5, dtype=torch.float64)
    zero = torch.zeros(6, 2, dtype=torch.float64)
    nets = {"dyn": lambda given, numbers, flags, epsilon: (numbers, zero[0], zero[:, :1], code, zero)}
    loss, observed = conditional_evidence(split, weight)(nets, Batch(ROWS), OutcomeNoise(zero))
    kl = 2 * 0.5 * 0.5**2
    torch.testing.assert_close(observed["kl"], torch.full((6,), kl, dtype=torch.float64))
    expected = math.log(2 * math.pi) + math.log(2) + weight * kl
    torch.testing.assert_close(loss, torch.full((6,), expected, dtype=torch.float64))


def test_a_perfect_generator_leaves_the_critic_undecided_and_slopes_are_penalised() -> None:
    nets = {"dyn": lambda given, epsilon: (ROWS[:, 1:3], ROWS[:, 3:]), "critic": lambda x: 3 * x[:, 1] + x[:, 0]}
    noise = OutcomeNoise(torch.zeros(6, 1, dtype=torch.float64))
    cost, observed = outcome_critic(split, 0.5)(nets, Batch(ROWS), noise)
    torch.testing.assert_close(cost, torch.full((6,), math.log(2) + 0.5 * 9, dtype=torch.float64))
    torch.testing.assert_close(observed["real_slope"], torch.full((6,), 3.0, dtype=torch.float64))
    generator, _ = outcome_generator(split)(nets, Batch(ROWS), noise)
    torch.testing.assert_close(generator, torch.full((6,), math.log(2), dtype=torch.float64))
