"""A kernel density is scikit-learn's, and PCA's density is that of a Gaussian with its covariance."""

from __future__ import annotations

import math

import pytest
import sklearn.decomposition
import torch
from sklearn.neighbors import KernelDensity as ReferenceDensity

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.capabilities import Completes, Encodes, has, lacks
from tests.models.classical.fitted import fitted

EVENT = Event((5,), "vector", "float32")


def points(n: int = 200) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    mixing = torch.randn(5, 5, generator=generator)
    return torch.randn(n, 5, generator=generator) @ mixing + torch.arange(5.0)


def test_a_kernel_density_is_that_of_scikit_learn() -> None:
    x = points()
    model = fitted(EVENT, x[:150], distribution="kernel-density", bandwidth=0.7, scaling="none")
    reference = ReferenceDensity(bandwidth=0.7).fit(x[:150].double().numpy())
    expected = torch.from_numpy(reference.score_samples(x.double().numpy()))
    torch.testing.assert_close(model.log_prob(x), expected, rtol=1e-6, atol=1e-6)


def test_training_examples_are_judged_without_their_own_kernel() -> None:
    x = points(30)
    model = fitted(EVENT, x, distribution="kernel-density", bandwidth=0.7, scaling="none")
    found = model.distribution.training_log_prob(x.double())
    for left in range(30):
        others = fitted(
            EVENT, x[torch.arange(30) != left], distribution="kernel-density", bandwidth=0.7, scaling="none"
        )
        torch.testing.assert_close(found[left : left + 1], others.log_prob(x[left : left + 1]))
    # With classes, only the own class has a kernel at the example.
    y = torch.arange(30) % 2
    event = Event((5,), "vector", "float32", class_names=("a", "b"))
    by_class = fitted(event, x, y, distribution="kernel-density", bandwidth=0.7, scaling="none", conditional=True)
    own, other = by_class.distribution.training_log_prob(x.double(), y), by_class.class_log_prob(x, 1 - y)
    for each, expected in ((model, found), (by_class, torch.stack((own, other)).logsumexp(0) - math.log(2))):
        torch.testing.assert_close(each.training_series(x, torch.Generator())["em/train_log_prob"], expected)
    new = points(40)[30:]
    torch.testing.assert_close(model.distribution.training_log_prob(new.double()), model.log_prob(new))


def test_scotts_rule_is_a_power_of_the_number_of_examples() -> None:
    x = points()
    model = fitted(EVENT, x, distribution="kernel-density", scaling="none")
    expected = x.double().var(0, correction=0).mean().sqrt() * 200 ** (-1 / 9)
    assert model.distribution.bandwidth == pytest.approx(float(expected))


@pytest.mark.parametrize("latent", [1, 3])
def test_pca_has_the_subspace_of_scikit_learn_and_the_density_of_its_covariance(latent: int) -> None:
    x = points()
    model = fitted(EVENT, x, distribution="pca", latent=latent, reg_covar=0.0, scaling="none")
    reference = sklearn.decomposition.PCA(latent).fit(x.double().numpy())
    axes = torch.from_numpy(reference.components_)
    weights = model.distribution.weights
    torch.testing.assert_close(weights, axes.T @ (axes @ weights))  # inside the subspace
    assert torch.linalg.matrix_rank(weights) == latent
    values = torch.linalg.eigvalsh(torch.cov(x.double().T, correction=0))
    assert model.distribution.noise_variance == pytest.approx(float(values[:-latent].mean()))
    expected = torch.distributions.MultivariateNormal(x.double().mean(0), model.distribution.covariance)
    torch.testing.assert_close(model.log_prob(x), expected.log_prob(x.double()))
    known = torch.ones_like(x, dtype=torch.bool)
    torch.testing.assert_close(model.distribution.known_log_prob(x.double(), known), model.log_prob(x))


def test_codes_of_pca_are_posterior_means_and_decode_to_shrunk_projections() -> None:
    x = points()
    model = fitted(EVENT, x, distribution="pca", latent=2, scaling="none")
    part = model.distribution
    joint = part.weights.T @ torch.linalg.solve(part.covariance, (x.double() - part.mean).T)
    torch.testing.assert_close(model.encode(x).double(), joint.T, rtol=1e-5, atol=1e-5)
    expected = (part.mean + model.encode(x).double() @ part.weights.T).float()
    torch.testing.assert_close(model.decode(model.encode(x)), expected)


def test_only_pca_without_classes_encodes() -> None:
    event = Event((5,), "vector", "float32", class_names=("a", "b"))
    y = torch.arange(200) % 2
    assert has(fitted(EVENT, points(), distribution="pca", latent=2), Encodes)
    by_class = fitted(event, points(), y, distribution="pca", latent=2, conditional=True)
    assert "of each class" in (lacks(by_class, Encodes) or "")
    assert "one Gaussian, which has no codes" in (lacks(fitted(EVENT, points()), Encodes) or "")
    with pytest.raises(SettingError, match=r"examples of more than 5 numbers, and these have 5: lower model\.latent"):
        fitted(EVENT, points(), distribution="pca", latent=5)


@pytest.mark.parametrize(
    "settings", [{"distribution": "kernel-density", "bandwidth": 0.5}, {"distribution": "pca", "latent": 2}]
)
def test_completions_keep_known_numbers_and_have_the_conditional_mean(settings) -> None:
    model = fitted(EVENT, points(), scaling="none", **settings)
    assert has(model, Completes)
    x = points(1)[:1].repeat(20_000, 1)
    known = torch.tensor([[True, False, True, True, False]]).expand_as(x)
    drawn = model.complete(x, known, generator=torch.Generator().manual_seed(0)).double()
    assert torch.equal(drawn[known], x[known].double())
    part = model.distribution
    k, u = [0, 2, 3], [1, 4]
    given = x[0].double()
    if settings["distribution"] == "pca":
        covariance = part.covariance
        expected = part.mean[u] + covariance[u][:, k] @ torch.linalg.solve(covariance[k][:, k], given[k] - part.mean[k])
    else:
        weights = (-(part.points[:, k] - given[k]).square().sum(1) / (2 * 0.5**2)).softmax(0)
        expected = weights @ part.points[:, u]
    error = drawn[:, u].std(0) / len(x) ** 0.5
    assert ((drawn[:, u].mean(0) - expected).abs() < 5 * error).all()
