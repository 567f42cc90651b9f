import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from saddlepoint.data import DataSettings, load
from saddlepoint.data.event import Event
from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.annealing import Annealing
from saddlepoint.evaluation.metrics.likelihood import (
    annealed_log_likelihood,
    divergence_from_truth,
    model_log_likelihood,
    require_finite,
    variational_bounds,
)
from saddlepoint.models import build
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from tests.evaluation.linear_gaussian import linear_gaussian


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


class Normal:
    """A model with an exact density."""

    log_prob_kind = "exact"

    def __init__(self, mean, std):
        self.distribution = MultivariateNormal(torch.tensor(mean), torch.diag(torch.tensor(std) ** 2))

    def log_prob(self, x):
        return self.distribution.log_prob(x.float())


class Truth:
    modes = mode_std = None

    def __init__(self, model):
        self.log_prob = model.log_prob


def test_an_exact_density_is_reported_as_exact():
    x = torch.randn(200, 2, generator=seeded())
    found = model_log_likelihood(Normal([0.0, 0.0], [1.0, 1.0]), x)
    assert found.kind == "exact"
    assert found.interval.value == pytest.approx(float(found.values.double().mean()))
    assert -math.log(2 * math.pi * math.e) in found.interval
    assert "exact" in str(found)


def test_a_bound_is_reported_as_a_bound():
    model = build(
        VAESettings(latent=1, decoder=NetworkSettings(hidden=(4,))), Event((1, 4, 4), "image", "uint8", 0, 255)
    )
    assert model_log_likelihood(model, torch.zeros(3, 1, 4, 4, dtype=torch.uint8)).kind == "lower bound"


def test_divergence_from_the_truth_is_the_closed_form():
    truth, model = Normal([0.0, 0.0], [1.0, 1.0]), Normal([0.5, 0.0], [1.0, 2.0])
    x = torch.randn(40_000, 2, generator=seeded())
    exact = 0.5 * 0.25 + 0.5 * (0.25 - 1 + 2 * math.log(2))
    found = divergence_from_truth(model, Truth(truth), x)
    assert abs(found.value - exact) < 2.5 * (found.high - found.low) / 2
    assert divergence_from_truth(truth, Truth(truth), x).value == 0


def test_the_truth_of_a_dataset_beats_any_other_model_on_it():
    dataset = load(DataSettings(source="ring", points=2_000))
    x = dataset.held_out.x
    wide = Normal([0.0, 0.0], [0.7, 0.7])
    assert divergence_from_truth(wide, dataset.truth, x).low > 1


def test_bounds_with_the_exact_posterior_are_the_evidence():
    linear = linear_gaussian()
    x, _ = linear.model.simulate(30, seeded())
    mean, log_variance = linear.posterior(x)
    found = variational_bounds(linear.model.log_likelihood, x, mean, log_variance, samples=3, generator=seeded())
    torch.testing.assert_close(found.elbo, linear.evidence.log_prob(x))
    torch.testing.assert_close(found.importance, linear.evidence.log_prob(x))


def test_bounds_are_ordered_and_rise_with_the_samples():
    linear = linear_gaussian()
    x, _ = linear.model.simulate(1_500, seeded())
    mean, log_variance = linear.posterior(x)
    off = mean + 0.4, log_variance + 0.5
    found = {
        k: variational_bounds(linear.model.log_likelihood, x, *off, samples=k, generator=seeded(k)) for k in (1, 8, 64)
    }
    truth = linear.evidence.log_prob(x).mean()
    assert torch.equal(found[1].elbo, found[1].importance)
    assert (found[64].elbo <= found[64].importance).all()
    means = [found[k].importance.mean() for k in (1, 8, 64)]
    assert means[0] < means[1] < means[2] < truth + 0.01
    # KL(q || posterior) in closed form is what the ELBO lacks.
    variance = log_variance.exp()
    kl = 0.5 * (math.exp(0.5) - 1 - 0.5 + 0.16 / variance).sum(1)
    error = (found[64].elbo - (linear.evidence.log_prob(x) - kl)).mean()
    assert abs(error) < 5 * (found[64].elbo - linear.evidence.log_prob(x)).std() / 1_500**0.5


@pytest.mark.slow
def test_annealing_exceeds_the_bounds_of_a_bad_posterior_and_adds_its_gap():
    linear = linear_gaussian()
    x, _ = linear.model.simulate(40, seeded())
    mean, log_variance = linear.posterior(x)
    loose = variational_bounds(linear.model.log_likelihood, x, mean + 1, log_variance, samples=4, generator=seeded())
    found, sandwich = annealed_log_likelihood(
        linear.model, x, generator=seeded(), annealing=Annealing(60, 8, 4), simulated=30
    )
    truth = linear.evidence.log_prob(x).mean()
    assert loose.importance.mean() < found.values.mean()
    assert abs(found.values.mean() - truth) < sandwich.gap.high + 0.05
    assert "gap between the bounds" in found.notes[0]
    assert len(sandwich.lower) == len(sandwich.upper) == 30


def test_values_that_make_a_mean_meaningless_are_refused():
    with pytest.raises(DataError, match="2 of 3 log likelihoods are NaN or infinite"):
        require_finite(torch.tensor([torch.nan, 0.0, torch.inf]))
    with pytest.raises(DataError, match="one example or more"):
        model_log_likelihood(Normal([0.0], [1.0]), torch.zeros(0, 1))
    linear = linear_gaussian()
    x, _ = linear.model.simulate(3, seeded())
    mean, log_variance = linear.posterior(x)
    for wrong in ({"samples": 0}, {"samples": 1, "mean": mean[:2]}):
        with pytest.raises(DataError, match="one posterior an example"):
            variational_bounds(
                linear.model.log_likelihood, x, wrong.get("mean", mean), log_variance,
                samples=wrong["samples"], generator=seeded(),
            )  # fmt: skip
