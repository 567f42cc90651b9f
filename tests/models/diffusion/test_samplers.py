"""Samplers with the exact denoiser of Gaussian data: their order of convergence, moments, and identities."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from saddlepoint.models.diffusion.samplers import SAMPLERS, ddim, euler, heun
from saddlepoint.models.diffusion.settings import SamplerName
from saddlepoint.objectives.noise_paths import PATHS
from tests.models.diffusion.gaussian import GaussianData

DATA = GaussianData(torch.tensor([1.0, -2.0]).double(), torch.tensor([0.8, 1.5]).double())
every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


def noise(n=40):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def error(sampler, path, steps):
    """The largest error of an integration between two times at which the network is evaluated."""
    start, stop = path.uniform(torch.tensor(0.9)).item(), path.uniform(torch.tensor(0.3)).item()
    times = [start + (stop - start) * step / steps for step in range(steps + 1)]
    x = start * noise()
    found = sampler(lambda x, t: DATA.estimate(path, x, t), path, x, times)
    return float((found - DATA.flow(path, x, start, stop)).abs().max())


def test_every_sampler_has_a_name_in_the_settings():
    assert set(SAMPLERS) == set(get_args(SamplerName))


@every_path
@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("ddim", 1), ("heun", 2)])
def test_the_error_falls_with_the_order_of_the_sampler(path, name, order):
    few, many = (error(SAMPLERS[name], path, steps) for steps in (64, 128))
    assert few > 1e-9
    assert 2 ** (order - 0.25) < few / many < 2 ** (order + 0.35)


@every_path
@pytest.mark.parametrize("name", SAMPLERS)
def test_samples_have_the_moments_of_the_data(path, name):
    end = path.weights(torch.tensor([path.largest]).double())
    start = (end.signal.square() + end.noise.square()).sqrt() * noise(20_000)
    x = SAMPLERS[name](lambda x, t: DATA.estimate(path, x, t), path, start, path.times(64))
    torch.testing.assert_close(x.mean(0), DATA.mean, rtol=0, atol=0.08)
    torch.testing.assert_close(torch.cov(x.T), torch.diag(DATA.std.square()), rtol=0, atol=0.25)


@pytest.mark.parametrize("name", ["variance-exploding", "linear"])
def test_ddim_is_eulers_method_where_the_weights_are_linear_in_time(name):
    path = PATHS[name]
    runs = [
        sampler(lambda x, t: DATA.estimate(path, x, t), path, path.largest * noise(), path.times(7))
        for sampler in (ddim, euler)
    ]
    torch.testing.assert_close(*runs)


def test_ddim_on_any_path_is_eulers_method_in_the_noise_level():
    cosine, straight = PATHS["cosine"], PATHS["variance-exploding"]
    times = [0.9, 0.6, 0.4, 0.1]
    weights = cosine.weights(torch.tensor(times).double())
    levels = (weights.noise / weights.signal).tolist()
    x = noise()
    found = ddim(lambda x, t: DATA.estimate(cosine, x, t), cosine, x, times) / weights.signal[-1]
    expected = euler(lambda x, t: DATA.estimate(straight, x, t), straight, x / weights.signal[0], levels)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(
        euler(lambda x, t: DATA.estimate(cosine, x, t), cosine, x, times) / weights.signal[-1], found
    )


@every_path
def test_the_network_is_never_evaluated_at_time_0(path):
    seen = []

    def estimate(x, t):
        seen.append(float(t[0]))
        return DATA.estimate(path, x, t)

    for sampler in SAMPLERS.values():
        sampler(estimate, path, noise(), path.times(3))
    assert min(seen) > 0


def test_integration_there_and_back_is_the_identity_in_the_limit():
    path = PATHS["linear"]
    times = [0.001 + 0.999 * step / 200 for step in range(201)]
    estimate = lambda x, t: DATA.estimate(path, x, t)  # noqa: E731
    x = DATA.mean + noise()
    torch.testing.assert_close(heun(estimate, path, heun(estimate, path, x, times), times[::-1]), x, rtol=0, atol=1e-3)
