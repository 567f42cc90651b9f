import pytest
import torch

from saddlepoint.objectives.divergence import kl_standard_normal, kl_standard_normal_units
from saddlepoint.objectives.evidence import BoundNoise, negative_evidence
from saddlepoint.objectives.likelihood import bernoulli_log_prob, gaussian_log_prob
from saddlepoint.objectives.phase import Batch

X = torch.rand(6, 4, dtype=torch.float64)
MEAN, LOG_VARIANCE, OUTPUT = (torch.randn(6, d, dtype=torch.float64) for d in (3, 3, 4))
EPSILON = torch.randn(6, 3, dtype=torch.float64)
ONE = torch.tensor(1.0, dtype=torch.float64)


def run(free_bits=0.0, weight=1.0, log_std=None, mean=MEAN, **noise):
    nets = {"vae": lambda x, epsilon: (OUTPUT, mean, LOG_VARIANCE, log_std)}
    return negative_evidence(free_bits)(nets, Batch(X), BoundNoise(EPSILON, torch.tensor(weight).double(), **noise))


@pytest.mark.parametrize("weight", [0.0, 1.0, 4.0])
def test_it_is_reconstruction_plus_weighted_kl(weight):
    loss, observations = run(weight=weight)
    kl = kl_standard_normal(MEAN, LOG_VARIANCE)
    torch.testing.assert_close(loss, -bernoulli_log_prob(X, OUTPUT) + weight * kl)
    torch.testing.assert_close(observations["kl"], kl)
    torch.testing.assert_close(observations["reconstruction"], -bernoulli_log_prob(X, OUTPUT))


def test_a_log_std_makes_it_gaussian():
    log_std = torch.tensor(-1.0, dtype=torch.float64)
    _, observations = run(log_std=log_std)
    torch.testing.assert_close(observations["reconstruction"], -gaussian_log_prob(X, OUTPUT, log_std))


@pytest.mark.parametrize("free_bits", [0.1, 1.0, 100.0])
def test_free_bits_cost_their_allowance_at_least(free_bits):
    loss, observations = run(free_bits)
    reconstruction = observations["reconstruction"].mean()
    units = kl_standard_normal_units(MEAN, LOG_VARIANCE).mean(0)
    torch.testing.assert_close(loss.mean() - reconstruction, units.clamp(min=free_bits).sum())
    torch.testing.assert_close(observations["kl"], kl_standard_normal(MEAN, LOG_VARIANCE))


def test_units_within_their_allowance_feel_no_pull():
    mean = MEAN.clone().requires_grad_()
    loss, _ = run(free_bits=100.0, mean=mean)
    assert not loss.requires_grad or not torch.autograd.grad(loss.sum(), mean)[0].any()


def test_binarisation_draws_black_or_white_with_the_values_as_probabilities():
    seen = []
    nets = {"vae": lambda x, epsilon: (seen.append(x) or OUTPUT, MEAN, LOG_VARIANCE, None)}
    threshold = torch.rand(6, 4, dtype=torch.float64)
    loss, _ = negative_evidence()(nets, Batch(X), BoundNoise(EPSILON, ONE, threshold))
    assert torch.equal(seen[0], (threshold < X).double())
    torch.testing.assert_close(loss, -bernoulli_log_prob(seen[0], OUTPUT) + kl_standard_normal(MEAN, LOG_VARIANCE))
