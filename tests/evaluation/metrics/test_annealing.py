import math

import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.annealing import Annealing, annealed_evidence, bidirectional_bounds, temperatures
from saddlepoint.evaluation.metrics.hamiltonian import evaluate_state, hamiltonian_move
from tests.evaluation.linear_gaussian import linear_gaussian

SHORT = Annealing(temperatures=60, chains=16, leapfrog=4)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("schedule", ["sigmoid", "linear"])
@pytest.mark.parametrize("number", [1, 2, 500])
def test_temperatures_rise_from_the_prior_to_the_posterior(schedule, number):
    found = temperatures(number, schedule)
    assert len(found) == number + 1
    assert (found[0], found[-1]) == (0, 1)
    assert (found.diff() > 0).all()
    torch.testing.assert_close(found, 1 - found.flip(0))


def test_the_sigmoid_dwells_at_both_ends():
    steps = temperatures(100).diff()
    assert steps[0] == steps.min() or math.isclose(steps[0], steps.min())
    assert steps[50] > 5 * steps[0]


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0])
def test_a_move_leaves_its_distribution_as_it_is(temperature):
    linear = linear_gaussian(latent=1, std=0.7)
    x = linear.decode(torch.tensor([[1.0]], dtype=torch.float64)).expand(4_000, -1)
    precision = 1 + temperature * linear.weight.square().sum() / linear.std**2
    mean = temperature * ((x - linear.bias) @ linear.weight) / linear.std**2 / precision
    generator = seeded()
    z = mean + torch.randn(4_000, 1, generator=generator, dtype=torch.float64) / precision**0.5
    at = evaluate_state(linear.model.log_likelihood, z, x)
    step = torch.full((4_000,), 0.9 / float(precision) ** 0.5, dtype=torch.float64)
    for _ in range(5):
        at, acceptance = hamiltonian_move(
            linear.model.log_likelihood, at, x, temperature, step, leapfrog=3, generator=generator
        )
    assert 0.5 < acceptance.mean() < 1
    # Five standard errors of a mean and of a variance of 4,000 draws.
    assert abs((at.z - mean).mean()) < 5 / (4_000 * float(precision)) ** 0.5
    assert abs((at.z - mean).var() * precision - 1) < 5 * (2 / 4_000) ** 0.5
    assert ((at.z != z).double().mean() > 0.9).item()


def test_a_state_keeps_value_and_gradient_of_its_codes():
    linear = linear_gaussian()
    x, z = linear.model.simulate(5, seeded())
    at = evaluate_state(linear.model.log_likelihood, z.double(), x)
    torch.testing.assert_close(at.log_likelihood, linear.model.log_likelihood(z.double(), x))
    torch.testing.assert_close(at.gradient, (x - linear.decode(z.double())) @ linear.weight / linear.std**2)


def test_a_move_to_zero_density_is_rejected():
    at = evaluate_state(
        lambda z, x: torch.where(z[:, 0] > 3, torch.nan, 0.0) * z[:, 0], torch.zeros(50, 1), torch.zeros(50, 1)
    )
    for _ in range(20):
        at, _ = hamiltonian_move(
            lambda z, x: torch.where(z[:, 0] > 0.5, torch.nan, 0.0) * z[:, 0],
            at, torch.zeros(50, 1), 1.0, torch.full((50,), 0.8), leapfrog=2, generator=seeded(),
        )  # fmt: skip
    assert at.z.max() <= 0.5


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("schedule", ["sigmoid", "linear"])
def test_it_finds_the_closed_form_within_its_error(seed, schedule):
    linear = linear_gaussian(seed=seed)
    x, _ = linear.model.simulate(60, seeded(seed))
    annealing = Annealing(temperatures=60, chains=16, leapfrog=4, schedule=schedule)
    found = annealed_evidence(linear.model.log_likelihood, x, 3, generator=seeded(seed), annealing=annealing)
    error = found.log_evidence - linear.evidence.log_prob(x)
    assert 0.4 < found.acceptance < 0.9
    # The log of an unbiased estimate is low by half its squared error; the mean of 60 independent ones scatters so much:
    bias = 0.5 * found.standard_error.square().mean()
    assert abs(error.mean() + bias) < 5 * (found.standard_error.square().sum().sqrt() / 60)
    assert (error.abs() < 5 * found.standard_error).double().mean() > 0.9


def test_the_mean_weight_is_unbiased_even_when_there_is_next_to_no_annealing():
    linear = linear_gaussian(size=2, latent=1, std=1.0)
    x = linear.model.simulate(1, seeded())[0].expand(2_000, -1)
    rough = Annealing(temperatures=2, chains=4, leapfrog=1)
    found = annealed_evidence(linear.model.log_likelihood, x, 1, generator=seeded(), annealing=rough)
    ratio = (found.log_weights - linear.evidence.log_prob(x)).exp().mean(0)
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / 2_000**0.5


@pytest.mark.slow
def test_more_temperatures_are_tighter():
    linear = linear_gaussian(size=12, latent=4, std=0.1)
    x, _ = linear.model.simulate(40, seeded())
    gaps = [
        (
            linear.evidence.log_prob(x)
            - annealed_evidence(
                linear.model.log_likelihood, x, 4, generator=seeded(), annealing=Annealing(number, 4, 4)
            ).log_evidence
        ).mean()
        for number in (10, 40, 160)
    ]
    assert gaps[0] > gaps[1] > gaps[2] > -0.05


@pytest.mark.parametrize("number", [5, 30])
def test_the_sandwich_holds_the_truth(number):
    linear = linear_gaussian(std=0.2)
    x, z = linear.model.simulate(80, seeded(2))
    annealing = Annealing(temperatures=number, chains=4, leapfrog=3)
    found = bidirectional_bounds(linear.model.log_likelihood, x, z, generator=seeded(3), annealing=annealing)
    truth = linear.evidence.log_prob(x)
    below, above = truth - found.lower, found.upper - truth
    assert below.mean() > -3 * below.std() / 80**0.5
    assert above.mean() > -3 * above.std() / 80**0.5
    assert found.gap.value == pytest.approx(float(below.mean() + above.mean()))
    # Neither bound is below the truth, or above, by much with any probability: e^-c for c nats.
    assert below.min() > -math.log(80 / 1e-3)
    assert above.min() > -math.log(80 / 1e-3)


@pytest.mark.slow
def test_the_gap_closes_with_more_temperatures():
    linear = linear_gaussian(std=0.2)
    x, z = linear.model.simulate(40, seeded(2))
    gaps = [
        bidirectional_bounds(
            linear.model.log_likelihood, x, z, generator=seeded(), annealing=Annealing(n, 8, 4)
        ).gap.value
        for n in (5, 30, 200)
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < gaps[0] / 10


def test_codes_at_the_end_are_of_the_posterior():
    linear = linear_gaussian()
    x, _ = linear.model.simulate(100, seeded(5))
    found = annealed_evidence(linear.model.log_likelihood, x, 3, generator=seeded(), annealing=SHORT)
    mean, log_variance = linear.posterior(x)
    standard = (found.z - mean) / (0.5 * log_variance).exp()
    assert abs(standard.mean()) < 0.1
    assert abs(standard.var() - 1) < 0.15


@pytest.mark.slow
def test_the_same_generator_gives_the_same_numbers_and_order_does_not_matter_on_average():
    linear = linear_gaussian()
    x, _ = linear.model.simulate(30, seeded())
    first, again = (
        annealed_evidence(linear.model.log_likelihood, x, 3, generator=seeded(7), annealing=SHORT) for _ in range(2)
    )
    assert torch.equal(first.log_weights, again.log_weights)
    turned = annealed_evidence(linear.model.log_likelihood, x.flip(0), 3, generator=seeded(7), annealing=SHORT)
    error = (first.standard_error.square() + turned.standard_error.flip(0).square()).sqrt()
    assert ((turned.log_evidence.flip(0) - first.log_evidence).abs() < 6 * error).all()


def test_float32_agrees_with_float64():
    linear = linear_gaussian()
    x, _ = linear.model.simulate(30, seeded())
    single = annealed_evidence(linear.model.log_likelihood, x.float(), 3, generator=seeded(), annealing=SHORT)
    assert single.z.dtype == torch.float32
    assert single.log_weights.dtype == torch.float64
    error = single.log_evidence - linear.evidence.log_prob(x)
    assert abs(error.mean()) < 0.1


def test_one_chain_is_enough_for_an_estimate_but_not_for_its_error():
    linear = linear_gaussian()
    x, _ = linear.model.simulate(3, seeded())
    found = annealed_evidence(
        linear.model.log_likelihood, x, 3, generator=seeded(), annealing=Annealing(20, chains=1, leapfrog=2)
    )
    assert found.log_evidence.isfinite().all()
    assert found.effective_chains.tolist() == [1, 1, 1]
    assert found.standard_error.isnan().all()


def test_models_that_cannot_be_annealed_are_refused():
    linear = linear_gaussian()
    x, z = linear.model.simulate(3, seeded())
    model = linear.model
    with pytest.raises(DataError, match="one example or more"):
        annealed_evidence(model.log_likelihood, x[:0], 3, generator=seeded())
    with pytest.raises(DataError, match="one number a row"):
        annealed_evidence(lambda z, x: -z.square(), x, 3, generator=seeded())
    with pytest.raises(DataError, match="not finite at codes of the prior"):
        annealed_evidence(model.log_likelihood, torch.full_like(x, torch.nan), 3, generator=seeded())
    with pytest.raises(DataError, match="one code an example"):
        bidirectional_bounds(model.log_likelihood, x, z[:2], generator=seeded())
    with pytest.raises(DataError, match="one temperature, chain and leapfrog step or more"):
        Annealing(chains=0)
