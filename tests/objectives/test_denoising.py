"""Laws of paths, preconditioners and noise levels, for every entry of their tables."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from saddlepoint.models.diffusion.formulations import PRECONDITIONERS, formulation
from saddlepoint.models.diffusion.settings import FORMULATIONS, DiffusionSettings
from saddlepoint.objectives.denoising import LEVELS, DenoisingNoise, denoising
from saddlepoint.objectives.noise_paths import PATHS
from saddlepoint.objectives.phase import Batch
from saddlepoint.objectives.preconditioning import EDM, Velocity

every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
every_preconditioner = pytest.mark.parametrize("make", PRECONDITIONERS.values(), ids=PRECONDITIONERS)


def times_of(path, n=7):
    return path.uniform(torch.linspace(0.03, 0.97, n, dtype=torch.float64))


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@every_path
def test_the_slopes_of_a_path_are_the_derivatives_of_its_weights(path):
    t = times_of(path)
    for value, slope in ((0, 2), (1, 3)):
        derivative = torch.func.vmap(torch.func.grad(lambda t, value=value: path.weights(t[None])[value][0]))(t)
        torch.testing.assert_close(derivative, path.weights(t)[slope])


@every_path
def test_a_path_leads_from_data_to_noise_and_its_clock_can_be_inverted(path):
    t = times_of(path)
    weights = path.weights(t)
    ratio = weights.noise / weights.signal
    assert (ratio.diff() > 0).all()
    torch.testing.assert_close(path.time_of(ratio), t)
    torch.testing.assert_close(path.log_ratio(t), ratio.log())
    first = path.weights(torch.tensor([path.smallest], dtype=torch.float64))
    last = path.weights(torch.tensor([path.largest], dtype=torch.float64))
    assert float(first.noise / first.signal) < 0.01
    assert float(last.noise) > 50 * float(last.signal)


@every_path
@pytest.mark.parametrize("steps", [1, 2, 10])
def test_the_times_of_a_sampler_fall_from_noise_to_data(path, steps):
    times = path.times(steps)
    assert len(times) == steps + 1
    assert times[0] == pytest.approx(path.largest)
    assert times[-1] == 0
    assert all(before > after for before, after in pairwise(times))


@every_path
@every_preconditioner
def test_the_target_gives_back_the_example_and_the_noise(path, make):
    """A network that predicts the target exactly, for one example, knows both."""
    preconditioner, t = make(0.7), times_of(path)
    x, noise = draw(7, 3), draw(7, 3, seed=1)
    weights = path.weights(t).like(x)
    noisy = weights.signal * x + weights.noise * noise
    estimate = preconditioner.estimate(preconditioner.target(x, noise, t, path), noisy, t, path)
    torch.testing.assert_close(estimate.example, x, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(estimate.noise, noise, rtol=1e-6, atol=1e-6)


@every_path
@every_preconditioner
def test_estimates_put_together_give_the_noisy_example_whatever_the_output(path, make):
    preconditioner, t = make(0.7), times_of(path)
    noisy, output = draw(7, 3), draw(7, 3, seed=1)
    estimate, weights = preconditioner.estimate(output, noisy, t, path), path.weights(t).like(noisy)
    torch.testing.assert_close(weights.signal * estimate.example + weights.noise * estimate.noise, noisy)


@every_path
@pytest.mark.parametrize("data_std", [0.5, 1.0, 3.0])
def test_the_inputs_and_targets_of_edm_have_unit_variance_at_every_noise_level(path, data_std):
    for t in times_of(path):
        x, noise = data_std * draw(20_000), draw(20_000, seed=1)
        time, weights = t[None], path.weights(t[None])
        inputs, _ = EDM(data_std).inputs(weights.signal * x + weights.noise * noise, time, path)
        for values in (inputs, EDM(data_std).target(x, noise, time, path)):
            assert float(values.square().mean()) == pytest.approx(1, abs=5 * math.sqrt(2 / 20_000))


def test_edm_is_the_table_of_its_paper():
    path, s, t = PATHS["variance-exploding"], 0.5, torch.tensor([0.3, 4.0], dtype=torch.float64)
    x, noise = draw(2, 3), draw(2, 3, seed=1)
    sigma = t[:, None]
    noisy, total = x + sigma * noise, sigma**2 + s**2
    skip, out, scale = s**2 / total, sigma * s / total.sqrt(), 1 / total.sqrt()
    edm = EDM(s)
    inputs, clock = edm.inputs(noisy, t, path)
    torch.testing.assert_close(inputs, scale * noisy)
    torch.testing.assert_close(clock, t.log() / 4)
    torch.testing.assert_close(edm.target(x, noise, t, path), (x - skip * noisy) / out)
    output = draw(2, 3, seed=2)
    torch.testing.assert_close(edm.estimate(output, noisy, t, path).example, skip * noisy + out * output)


def test_the_velocity_of_flow_matching_is_noise_minus_data_and_of_gaussians_the_closed_form():
    path, t = PATHS["linear"], times_of(PATHS["linear"])
    x, noise = draw(7, 2), draw(7, 2, seed=1)
    torch.testing.assert_close(Velocity().target(x, noise, t, path), noise - x)
    # For x ~ N(0, s^2): E[n - x | x_t] = (t - (1 - t) s^2) / (t^2 + (1 - t)^2 s^2) x_t, by regression over many draws.
    s, time = 0.6, 0.4
    x, noise = s * draw(200_000), draw(200_000, seed=1)
    noisy = (1 - time) * x + time * noise
    slope = float((noisy * (noise - x)).mean() / noisy.square().mean())
    assert slope == pytest.approx((time - (1 - time) * s**2) / (time**2 + (1 - time) ** 2 * s**2), abs=0.02)


def test_edm_on_the_cosine_path_is_the_velocity_up_to_a_constant():
    path, t = PATHS["cosine"], times_of(PATHS["cosine"])
    x, noise = draw(7, 2), draw(7, 2, seed=1)
    target = EDM(1.0).target(x, noise, t, path)
    torch.testing.assert_close(Velocity().target(x, noise, t, path), -math.pi / 2 * target)


@every_path
@pytest.mark.parametrize("name", LEVELS)
def test_noise_levels_are_quantiles_within_the_path(path, name):
    share = torch.linspace(0.001, 0.999, 99, dtype=torch.float64)
    t = LEVELS[name](path, 1.0)(share)
    assert (t.diff() >= 0).all()
    assert float(t.min()) >= 0
    assert float(t.max()) <= path.largest


def test_a_logit_normal_time_has_a_log_normal_noise_level():
    share = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    t = LEVELS["logit-normal"](PATHS["linear"], 1.0)(share)
    torch.testing.assert_close(torch.logit(t), torch.special.ndtri(share))
    sigma = LEVELS["log-normal"](PATHS["variance-exploding"], 0.5)(share)
    torch.testing.assert_close(sigma.log(), (-1.2 + 1.2 * torch.special.ndtri(share)).clamp(math.log(0.002)))


@pytest.mark.parametrize("name", FORMULATIONS)
def test_a_network_of_zeros_pays_the_mean_square_of_the_target(name):
    parts = formulation(DiffusionSettings(formulation=name))
    x, noise = draw(500, 4), draw(500, 4, seed=1)
    t = parts.levels(torch.linspace(0.01, 0.99, 500, dtype=torch.float64))
    loss, _ = denoising(parts)({"dm": lambda x, time: torch.zeros_like(x)}, Batch(x), DenoisingNoise(t, noise))
    torch.testing.assert_close(loss, parts.preconditioner.target(x, noise, t, parts.path).square().mean(1))
    if name == "edm":
        assert float(loss.mean()) == pytest.approx(1, abs=0.1)
