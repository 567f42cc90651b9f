import math
from itertools import pairwise

import pytest
import torch
from torch.distributions import Bernoulli, MultivariateNormal, Normal

from saddlepoint.objectives.likelihood import (
    bernoulli_log_prob,
    discretised_logistic_log_prob,
    gaussian_log_prob,
    importance_bound,
    interval_log_prob,
    log_likelihood,
    standard_normal_log_cdf,
    standard_normal_log_prob,
    student_t_log_prob,
)


def test_likelihoods_agree_with_torch():
    x, output = torch.rand(2, 5, 2, 3, dtype=torch.float64)
    log_std = torch.tensor(-0.7, dtype=torch.float64)
    gaussian = Normal(output, log_std.exp()).log_prob(x).sum((1, 2))
    torch.testing.assert_close(gaussian_log_prob(x, output, log_std), gaussian)
    torch.testing.assert_close(log_likelihood(x, output, log_std), gaussian)
    black_and_white = x.round()
    bernoulli = Bernoulli(logits=output).log_prob(black_and_white).sum((1, 2))
    torch.testing.assert_close(bernoulli_log_prob(black_and_white, output), bernoulli)
    torch.testing.assert_close(log_likelihood(black_and_white, output, None), bernoulli)
    z = torch.randn(4, 3, dtype=torch.float64)
    torch.testing.assert_close(standard_normal_log_prob(z), Normal(0.0, 1.0).log_prob(z).sum(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_log_of_the_normal_distribution_function_agrees_with_torch_and_so_does_its_slope(dtype):
    x = torch.linspace(-30, 9, 200, dtype=dtype, requires_grad=True)
    ours, theirs = standard_normal_log_cdf(x), torch.special.log_ndtr(x)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(one.sum(), x)[0] for one in (ours, theirs)), rtol=1e-4, atol=1e-7)


def test_intervals_of_a_gaussian_have_its_probabilities_far_from_the_mean_too():
    mean, log_std = torch.tensor([0.3, -1.0], dtype=torch.float64), torch.tensor(-0.5, dtype=torch.float64)
    edges = torch.tensor([-math.inf, -2.0, 0.0, 0.1, math.inf], dtype=torch.float64)
    values = [interval_log_prob(low, high, mean, log_std) for low, high in pairwise(edges)]
    torch.testing.assert_close(torch.stack(values).exp().sum(0), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(
        values[2].exp(), Normal(mean, log_std.exp()).cdf(edges[3]) - Normal(mean, log_std.exp()).cdf(edges[2])
    )
    low = torch.tensor([20.0, -21.0], dtype=torch.float64, requires_grad=True)
    far = interval_log_prob(low, low + 1.0, torch.zeros(2, dtype=torch.float64), torch.zeros((), dtype=torch.float64))
    torch.testing.assert_close(far[0], far[1])
    torch.testing.assert_close(far[0].detach(), torch.special.log_ndtr(torch.tensor(-20.0, dtype=torch.float64)))
    assert torch.autograd.grad(far.sum(), low)[0].isfinite().all()


class LinearGaussian:
    """x = W z + b + noise: log p(x) and the posterior are known."""

    def __init__(self, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.generator = generator
        self.w = torch.randn(5, 2, generator=generator, dtype=torch.float64)
        self.b = torch.randn(5, generator=generator, dtype=torch.float64)
        self.log_std = torch.tensor(-0.3, dtype=torch.float64)
        self.x = torch.randn(20, 5, generator=generator, dtype=torch.float64)
        variance = (2 * self.log_std).exp()
        eye = torch.eye(5, dtype=torch.float64)
        self.exact = MultivariateNormal(self.b, self.w @ self.w.T + variance * eye).log_prob(self.x)
        self.covariance = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + self.w.T @ self.w / variance)
        self.mean = (self.x - self.b) @ self.w @ self.covariance / variance

    def log_weights(self, posterior, samples):
        epsilon = torch.randn(samples, 20, 2, generator=self.generator, dtype=torch.float64)
        z = posterior.loc + torch.einsum("...ij,...j->...i", posterior.scale_tril, epsilon)
        flat = z.flatten(0, 1)
        log_likelihood = gaussian_log_prob(self.x.repeat(samples, 1), flat @ self.w.T + self.b, self.log_std)
        joint = (log_likelihood + standard_normal_log_prob(flat)).view(samples, 20)
        return joint - posterior.log_prob(z)


def test_the_bound_is_exact_with_the_true_posterior():
    model = LinearGaussian()
    posterior = MultivariateNormal(model.mean, model.covariance)
    for samples in (1, 7):
        torch.testing.assert_close(importance_bound(model.log_weights(posterior, samples)), model.exact)


@pytest.mark.slow
def test_the_bound_rises_with_the_samples_towards_the_likelihood():
    model = LinearGaussian()
    poor = MultivariateNormal(model.mean + 0.3, 2 * model.covariance)
    repeats, means, errors = 400, [], []
    for samples in (1, 4, 16, 64):
        bounds = torch.stack([importance_bound(model.log_weights(poor, samples)).mean() for _ in range(repeats)])
        means.append(bounds.mean().item())
        errors.append(bounds.std().item() / math.sqrt(repeats))
    for at in range(3):
        assert means[at + 1] > means[at] - 5 * (errors[at] + errors[at + 1])
    assert means[3] > means[0] + 5 * (errors[0] + errors[3])
    assert all(mean < model.exact.mean().item() + 5 * error for mean, error in zip(means, errors, strict=True))


def test_the_bound_of_equal_weights_is_that_weight_at_any_size():
    assert importance_bound(torch.full((9, 2), -1e4)).tolist() == [-1e4, -1e4]


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("log_scale", [-9.0, -2.0, 1.0])
def test_the_levels_of_a_discretised_logistic_have_probability_one(levels, log_scale):
    width = 2 / (levels - 1)
    x = (-1 + width * torch.arange(levels, dtype=torch.float64))[:, None]
    log_scale = torch.tensor(log_scale, dtype=torch.float64)
    for place in (-3.0, -0.2, 0.9):
        location = torch.full_like(x, place)
        log_prob = discretised_logistic_log_prob(x, location, log_scale, width=width, low=-1.0, high=1.0)
        assert log_prob.isfinite().all()
        assert log_prob.logsumexp(0).abs() < 1e-9


def test_student_t_is_the_known_density_and_tends_to_the_gaussian():
    x, location = torch.randn(2, 5, 3, dtype=torch.float64)
    log_scale = torch.tensor(0.3, dtype=torch.float64)
    known = torch.distributions.StudentT(4.0, location, log_scale.exp()).log_prob(x).sum(1)
    torch.testing.assert_close(student_t_log_prob(x, location, log_scale, 4.0), known)
    # The difference is of the order of 1 / degrees of freedom.
    gaussian = gaussian_log_prob(x, location, log_scale)
    torch.testing.assert_close(student_t_log_prob(x, location, log_scale, 1e6), gaussian, rtol=0, atol=1e-3)
