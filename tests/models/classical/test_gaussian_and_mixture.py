"""A Gaussian has the moments of its examples, EM climbs, and densities, samples and completions follow closed forms."""

from __future__ import annotations

from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from saddlepoint.data.event import Event
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.expectation import degenerate_components
from saddlepoint.diagnosis.series import Series
from saddlepoint.errors import DataError, SettingError
from saddlepoint.models import build
from saddlepoint.models.classical import moments
from saddlepoint.models.classical.model import Classical
from saddlepoint.models.classical.moments import Moments
from saddlepoint.models.classical.normal import component_log_prob
from saddlepoint.models.classical.settings import DISTRIBUTIONS, ClassicalSettings
from saddlepoint.objectives.phase import Batch

SIZE = 3
EVENT = Event((SIZE,), "vector", "float32", mean=(1.0,), std=(2.0,))


def normal_model(**settings) -> Classical:
    model = build(ClassicalSettings(scaling="none", **{"reg_covar": 0.0} | settings), EVENT)
    assert isinstance(model, Classical)
    model.pass_steps = 1
    return model


def fit(model: Classical, x: torch.Tensor, steps: int = 1, y: torch.Tensor | None = None) -> list[float]:
    means = []
    for _ in range(steps):
        loss, _ = model.update({}, Batch(model.scaling.to_model(x), y), torch.tensor(3))
        means.append(-float(loss.mean()))
    return means


def clouds(n: int = 300, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    which = torch.randint(3, (n, 1), generator=generator)
    mixing = torch.tensor([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.2, 0.0, 0.7]])
    return torch.randn(n, SIZE, generator=generator) @ mixing + 3.0 * which


def test_a_gaussian_has_the_moments_of_its_examples_whatever_the_batches() -> None:
    x = clouds()
    expected = torch.distributions.MultivariateNormal(x.double().mean(0), torch.cov(x.double().T, correction=0))
    for batches in (1, 3, 30):
        model = normal_model()
        model.pass_steps = batches
        for part in x.chunk(batches):
            fit(model, part)
        fit(model, 100 + x[:50])  # after the first pass nothing is learnt
        torch.testing.assert_close(model.log_prob(x), expected.log_prob(x.double()), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
@pytest.mark.parametrize("seed", range(4))
def test_em_never_lowers_the_likelihood_and_is_that_of_scikit_learn(covariance: str, seed: int) -> None:
    x = clouds(seed=seed)
    model = normal_model(distribution="mixture", components=4, covariance=covariance, reg_covar=1e-9)
    likelihoods = fit(model, x, 25)
    assert all(after >= before - 1e-7 for before, after in pairwise(likelihoods))
    assert likelihoods[-1] > likelihoods[0] + 1e-3
    assert model.extra_state()["falls"].tolist() == [0, 0]

    form = {"full": "full", "diagonal": "diag", "spherical": "spherical"}[covariance]
    reference = GaussianMixture(4, covariance_type=form, reg_covar=1e-9, random_state=3, tol=1e-12, max_iter=25)
    with pytest.warns(UserWarning, match="converge"):
        reference.fit(x.double().numpy())
    expected = torch.from_numpy(reference.score_samples(x.double().numpy()))
    torch.testing.assert_close(model.log_prob(x), expected, rtol=1e-7, atol=1e-7)
    torch.testing.assert_close(
        model.responsibilities(x), torch.from_numpy(reference.predict_proba(x.double().numpy())), rtol=1e-6, atol=1e-6
    )


def test_em_continues_exactly_after_loading() -> None:
    x = clouds()
    one, other = (normal_model(distribution="mixture", components=3) for _ in range(2))
    fit(one, x, 4)
    other.load_extra_state({name: value.clone() for name, value in one.extra_state().items()})
    assert fit(one, x, 3) == fit(other, x, 3)
    for name, value in one.extra_state().items():
        assert torch.equal(value, other.extra_state()[name])


def fitted(distribution: str) -> Classical:
    settings = {"gaussian": {}, "mixture": {"components": 3}}[distribution]
    model = normal_model(distribution=distribution, **settings)
    fit(model, clouds(), 3)
    return model


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_densities_of_some_numbers_are_marginals(covariance: str) -> None:
    generator = torch.Generator().manual_seed(0)
    means = torch.randn(2, SIZE, generator=generator).double()
    factor = torch.randn(2, SIZE, SIZE, generator=generator).double()
    full = factor @ factor.transpose(1, 2) + torch.eye(SIZE)
    if covariance == "diagonal":
        full = torch.diag_embed(full.diagonal(dim1=1, dim2=2))
    given = full if covariance == "full" else full.diagonal(dim1=1, dim2=2)
    x = torch.randn(8, SIZE, generator=generator).double()
    known = torch.tensor([[bool(n & 1), bool(n & 2), bool(n & 4)] for n in range(8)])
    found = component_log_prob(x, means, given, known)
    for row, mask, values in zip(x, known, found, strict=True):
        for k in range(2):
            if not mask.any():
                assert values[k] == 0
                continue
            block = full[k][mask][:, mask]
            expected = torch.distributions.MultivariateNormal(means[k][mask], block).log_prob(row[mask])
            torch.testing.assert_close(values[k], expected)
    torch.testing.assert_close(component_log_prob(x, means, given), component_log_prob(x, means, given, known | True))


def test_completions_have_the_conditional_distribution() -> None:
    model = fitted("gaussian")
    moments = model.distribution
    mean, covariance = moments.mean, moments.covariance
    x = torch.tensor([[1.0, 0.0, -1.0]]).repeat(40_000, 1)
    known = torch.tensor([[True, False, True]]).expand_as(x)
    drawn = model.complete(x, known, generator=torch.Generator().manual_seed(1))
    assert torch.equal(drawn[known], x[known])
    k, u = torch.tensor([0, 2]), torch.tensor([1])
    weights = torch.linalg.solve(covariance[k][:, k], covariance[k][:, u])[:, 0]
    expected = mean[1] + (x[0, k].double() - mean[k]) @ weights
    variance = covariance[1, 1] - covariance[u][:, k][0] @ weights
    error = (variance / len(x)) ** 0.5
    assert abs(drawn[:, 1].double().mean() - expected) < 5 * error
    assert abs(drawn[:, 1].double().var() / variance - 1) < 5 * (2 / len(x)) ** 0.5


def test_completions_of_a_mixture_choose_the_component_by_the_known_numbers() -> None:
    model = fitted("mixture")
    mixture = model.distribution
    x = torch.tensor([[1.5, 0.0, 0.0]]).repeat(20_000, 1)
    known = torch.tensor([[True, False, False]]).expand_as(x)
    drawn = model.complete(x, known, generator=torch.Generator().manual_seed(1)).double()
    own = mixture.covariances[:, 0, 0]
    weights = (mixture.weights.log() - 0.5 * ((1.5 - mixture.means[:, 0]) ** 2 / own + own.log())).softmax(0)
    means = mixture.means[:, 1] + mixture.covariances[:, 1, 0] / own * (1.5 - mixture.means[:, 0])
    assert abs(drawn[:, 1].mean() - weights @ means) < 5 * drawn[:, 1].std() / len(x) ** 0.5


@pytest.mark.parametrize("distribution", ["gaussian", "mixture"])
def test_samples_have_the_density_of_the_model(distribution: str) -> None:
    """The mean of -log p over samples is the entropy, which a Gaussian has in closed form; a mixture is compared with importance weights."""
    model = fitted(distribution)
    samples = model.sample(40_000, generator=torch.Generator().manual_seed(2))
    reference = torch.distributions.MultivariateNormal(samples.double().mean(0), 1.5 * torch.cov(samples.double().T))
    torch.manual_seed(0)
    proposal = reference.sample((40_000,))
    weights = (model.log_prob(proposal.float()) - reference.log_prob(proposal)).exp()
    assert abs(weights.mean() - 1) < 6 * weights.std() / len(weights) ** 0.5  # the density integrates to one
    inside = [(points[:, 0] > 2) & (points[:, 1] < 4) for points in (samples, proposal)]
    share = (weights * inside[1]).mean()
    error = ((weights * inside[1]).std() + 1) / len(weights) ** 0.5
    assert abs(inside[0].double().mean() - share) < 5 * error


def test_too_many_components_and_singular_covariances_are_explained() -> None:
    with pytest.raises(DataError, match=r"model\.components: 9 Gaussians"):
        fit(normal_model(distribution="mixture", components=9), clouds(5))
    with pytest.raises(SettingError, match=r"model\.reg_covar"):
        fit(normal_model(distribution="mixture", components=2), torch.zeros(9, SIZE) + torch.eye(SIZE).repeat(3, 1), 3)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_only_em_takes_batches_of_fewer_examples_than_all(distribution: str) -> None:
    """The examples that fill no batch at the end of the only pass would never be learnt."""
    entry = DISTRIBUTIONS[distribution]
    module, name = entry.path.split(":")
    assert entry.iterative == getattr(import_module(f"saddlepoint.models.classical.{module}"), name).iterative
    settings = ClassicalSettings(distribution=distribution)
    assert settings.batch_size(1_000, 1_500) == (1_000 if entry.iterative else 1_500)
    assert settings.batch_size(100_000, 1_500) == 1_500


def test_moments_in_groups_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    x = clouds().double()
    expected = [Moments.empty(SIZE, full=full).include(x) for full in (True, False)]
    monkeypatch.setattr(moments, "ROWS", 70)
    for full, whole in zip((True, False), expected, strict=True):
        for one, other in zip(Moments.empty(SIZE, full=full).include(x), whole, strict=True):
            torch.testing.assert_close(one, other)


def test_a_class_missing_from_the_first_batch_begins_with_its_own_first_one() -> None:
    event = Event((SIZE,), "vector", "float32", class_names=("a", "b"))
    model = build(ClassicalSettings(distribution="mixture", components=3, conditional=True, scaling="none"), event)
    x = clouds()
    model.update({}, Batch(x, torch.zeros(300, dtype=torch.int64)), torch.tensor(3))
    first = model.distribution.parts[0].means.clone()
    model.update({}, Batch(x, torch.ones(300, dtype=torch.int64)), torch.tensor(3))
    assert torch.equal(model.distribution.parts[0].means, first)
    assert torch.cdist(*[model.distribution.parts[1].means] * 2)[0, 1:].min() > 1


def test_degenerate_components_are_counted_in_the_worst_class() -> None:
    event = Event((SIZE,), "vector", "float32", class_names=("a", "b"))
    settings = ClassicalSettings(distribution="mixture", components=3, conditional=True, scaling="none", reg_covar=1e-3)
    model = build(settings, event)
    for part, weights in zip(model.distribution.parts, ((1.0, 0.0, 0.0), (0.5, 0.5, 0.0)), strict=True):
        part.weights, part.examples = torch.tensor(weights).double(), torch.tensor(100.0)
    assert model.distribution.observations()["degenerate_components"] == 2
    # The finding compares them with the components of one class.
    names = ("degenerate_components", "smallest_component")
    series = [Series(f"em/{name}", [1, 2, 3], [2.0] * 3) for name in names]
    found = degenerate_components.judge(*series, Facts(settings={"model.components": 6, "model.conditional": True}))
    assert found is not None
    assert found.severity == "warning"
    assert "2 components of one class are degenerate" in found.title


def test_degenerate_components_and_falls_are_counted() -> None:
    x = torch.cat((clouds(200), torch.full((2, SIZE), 40.0)))
    model = normal_model(distribution="mixture", components=3, reg_covar=1e-3)
    for _ in range(3):
        _, observations = model.update({}, Batch(x), torch.tensor(0))
    assert observations["degenerate_components"] == 1
    assert np.isclose(float(observations["smallest_component"]), 2, atol=0.01)
    model.pass_steps = 5  # batches are parts of the data
    for shift in (0.0, 0.01, 90.0):
        _, observations = model.update({}, Batch(x + shift), torch.tensor(0))
    assert observations["falls"] == 1


def test_settings_of_other_distributions_are_refused() -> None:
    with pytest.raises(SettingError, match=r"model\.components: gaussian does not use it"):
        build(ClassicalSettings(components=3), EVENT)
    with pytest.raises(SettingError, match=r"needs labels, and these data have none"):
        build(ClassicalSettings(conditional=True), EVENT)
    with pytest.raises(SettingError, match="has no networks"):
        build(ClassicalSettings(), EVENT, modules={"generator": torch.nn.Identity()})
