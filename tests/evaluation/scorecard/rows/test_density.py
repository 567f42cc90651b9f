"""A constant column has no density: the likelihoods of model and worst case are those of the columns that vary."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.data.arrays import from_array
from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.metrics.latent_models import with_own_likelihood
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.rows.density import _gaussian_density
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.models import build
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from tests.evaluation.scorecard import toys

SMALL = NetworkSettings(network="mlp", hidden=(8,))
CONSTANT = 7.1


def tables() -> tuple[Dataset, Dataset]:
    """Two columns with a constant one between them, and without it."""
    x = np.random.default_rng(0).normal(size=(400, 2)) * [3.0, 0.2] + [1.0, -5.0]
    return from_array(np.insert(x, 1, CONSTANT, axis=1)), from_array(x)


class Gaussian(toys.Own):
    """Knows the density of the columns that vary."""

    log_prob_kind = "exact"

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        varying = self.event.without_constants(x).double()
        mean, std = varying.new_tensor([1.0, -5.0]), varying.new_tensor([3.0, 0.2])
        return torch.distributions.Normal(mean, std).log_prob(varying).sum(1)


def likelihood(data: Dataset) -> Any:
    model = Gaussian(data.event, lambda n, generator: data.x[:n])
    return assess(model, data, AssessmentSettings(samples=40, seeds=1, resamples=5), "raw")["likelihood"]


@pytest.mark.slow
def test_a_constant_column_does_not_count_in_the_worst_case() -> None:
    with_constant, without = map(likelihood, tables())
    assert with_constant.value == pytest.approx(without.value)
    assert with_constant.worst_case.value == pytest.approx(without.worst_case.value, rel=1e-6)
    # The data are Gaussian, so that the fitted Gaussian is as good as the true one, and no better by nats.
    assert abs(with_constant.worst_case.value - with_constant.value) < 0.1


def test_a_table_of_constants_has_no_worst_case() -> None:
    data = from_array(np.full((50, 2), CONSTANT))
    assert _gaussian_density(data, data.x) is None


def test_a_number_that_never_varies_has_the_deviation_of_its_channel() -> None:
    x = np.random.default_rng(0).normal(size=(400, 6, 1))
    x[:, 0] = 0.0  # every series begins at 0
    data = from_array(x, kind="series")
    assert not data.event.constants
    found = _gaussian_density(data, data.x)
    assert found is not None
    of_others = _gaussian_density(from_array(x[:, 1:], kind="series"), torch.from_numpy(x[:, 1:]).float())
    assert of_others is not None
    # The others are standard normal, and so is nearly the channel: the first number is at the centre of its Gaussian.
    assert float(found.mean() - of_others.mean()) == pytest.approx(-0.5 * math.log(2 * math.pi), abs=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("scaling", ["standard", "symmetric", "unit"])
def test_a_vae_leaves_constant_columns_out(scaling: Any) -> None:
    data, _ = tables()
    torch.manual_seed(0)
    model: Any = build(
        VAESettings(latent=2, encoder=SMALL, decoder=SMALL, likelihood="gaussian", scaling=scaling), data.event
    )
    settings = AssessmentSettings(samples=40, seeds=1, resamples=5)

    def measured() -> tuple[torch.Tensor, float, float]:
        card = assess(model, data, settings, "raw")
        latent = with_own_likelihood(model)
        of_codes = latent.log_likelihood(torch.zeros(20, 2), latent.prepare(data.x[:20])) + latent.shift
        return torch.stack((model.log_prob(data.x[:20]), of_codes)), card["likelihood"].value, card["elbo"].value

    before = measured()
    last = [module for module in model.player.decoder.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        last.bias[1] += 4
    torch.testing.assert_close(measured(), before, rtol=0, atol=0)
    assert before[2] < before[1]


@pytest.mark.parametrize("scaling", ["none", "standard", "symmetric", "unit"])
def test_a_change_of_units_leaves_constant_columns_out(scaling: Any) -> None:
    with_constant, without = (data.event.scaling(scaling).log_abs_det for data in tables())
    assert with_constant == pytest.approx(without, rel=1e-6)
