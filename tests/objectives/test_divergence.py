import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Normal, kl_divergence

from saddlepoint.objectives.divergence import kl_bernoulli, kl_standard_normal, kl_standard_normal_units

numbers = st.floats(-8, 8)


@settings(max_examples=200, deadline=None)
@given(mean=numbers, log_variance=numbers)
def test_kl_agrees_with_torch_and_is_never_negative(mean, log_variance):
    mean, log_variance = torch.tensor([[mean]]).double(), torch.tensor([[log_variance]]).double()
    kl = kl_standard_normal(mean, log_variance)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))[:, 0]
    torch.testing.assert_close(kl, expected, rtol=1e-9, atol=1e-12)
    assert kl.item() >= 0


@settings(max_examples=200, deadline=None)
@given(log_variance=st.floats(-(2**-10), 2**-10, width=32))
def test_kl_keeps_its_sign_in_float32_near_the_minimum(log_variance):
    # e^v - 1 - v computed plainly in float32 is negative for many of these.
    assert kl_standard_normal(torch.zeros(1, 1), torch.tensor([[log_variance]])).item() >= 0


def test_kl_is_zero_at_the_standard_normal_and_stationary():
    at = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
    kl = kl_standard_normal(at, at)
    assert kl.item() == 0
    assert not torch.autograd.grad(kl.sum(), at)[0].any()


def test_kl_agrees_with_monte_carlo():
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(1, 3, generator=generator, dtype=torch.float64)
    log_variance = torch.randn(1, 3, generator=generator, dtype=torch.float64)
    posterior, prior = Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)
    z = mean + posterior.stddev * torch.randn(200_000, 3, generator=generator, dtype=torch.float64)
    draws = (posterior.log_prob(z) - prior.log_prob(z)).sum(1)
    error = draws.std() / len(draws) ** 0.5
    assert (kl_standard_normal(mean, log_variance) - draws.mean()).abs() < 5 * error


def test_units_sum_to_the_whole():
    mean, log_variance = torch.randn(2, 6, 3)
    torch.testing.assert_close(
        kl_standard_normal_units(mean, log_variance).sum(1), kl_standard_normal(mean, log_variance)
    )


@pytest.mark.parametrize("target", [0.05, 0.5, 0.9])
def test_bernoulli_kl_agrees_with_torch_and_vanishes_at_the_target(target):
    activation = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    expected = kl_divergence(Bernoulli(torch.tensor(target).double()), Bernoulli(activation))
    # Torch goes through logits of clamped probabilities in single steps; it agrees to 1e-7.
    torch.testing.assert_close(kl_bernoulli(target, activation), expected, rtol=1e-6, atol=1e-8)
    assert kl_bernoulli(target, torch.tensor(target, dtype=torch.float64)).abs() < 1e-12
    assert kl_bernoulli(target, torch.tensor([0.0, 1.0])).isfinite().all()
