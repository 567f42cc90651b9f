"""Completion by iteration: known numbers stay, and the missing ones follow their distribution given the known ones."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError
from saddlepoint.models import build
from saddlepoint.models.capabilities import Completes, CompletesIteratively, has, require
from saddlepoint.models.diffusion import completion as diffusion
from saddlepoint.models.diffusion.completion import repaint
from saddlepoint.models.settings import FAMILIES
from saddlepoint.models.vae import completion as vae
from saddlepoint.objectives.noise_paths import PATHS
from saddlepoint.objectives.preconditioning import Estimate

NAMES = ("a", "b", "c")
EVENTS = (
    Event(
        (3,),
        "vector",
        "float32",
        mean=(1.0, -2.0, 3.0),
        std=(2.0, 0.5, 1.0),
        class_names=NAMES,
        class_shares=(0.5, 0.3, 0.2),
    ),
    Event((1, 4, 4), "image", "uint8", 0.0, 255.0, class_names=NAMES, class_shares=(0.5, 0.3, 0.2)),
)
MODELS = (
    ("diffusion", {"denoiser": {"network": "mlp", "hidden": [8]}}),
    ("diffusion", {"denoiser": {"network": "mlp", "hidden": [8]}, "conditional": True, "formulation": "flow-matching"}),
    ("vae", {"likelihood": "gaussian-learnt"}),
    ("vae", {"likelihood": "student-t", "conditional": True}),
    ("vae", {"likelihood": "gaussian", "prior": "vampprior", "pseudo_inputs": 3}),
)
MEAN = torch.tensor([0.5, -0.3, 0.1])
COVARIANCE = torch.tensor([[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def given(mean, covariance, value):
    """Mean and covariance of all numbers but the first, whose value is known."""
    gain = covariance[1:, 0] / covariance[0, 0]
    return mean[1:] + gain * (value - mean[0]), covariance[1:, 1:] - gain[:, None] * covariance[:1, 1:]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
@pytest.mark.parametrize(("family", "settings"), MODELS)
def test_known_numbers_stay_as_they_are(family, settings, event, monkeypatch):
    for module, name, value in ((diffusion, "STEPS", 4), (diffusion, "REPEATS", 2), (vae, "STEPS", 5)):
        monkeypatch.setattr(module, name, value)
    torch.manual_seed(0)
    model = build(FAMILIES[family].settings.model_validate({"family": family, **settings}), event)
    assert has(model, CompletesIteratively)
    x = model.sample(4, generator=generator())
    known = torch.rand(x.shape, generator=generator(1)) < 0.5
    known[0], known[1] = True, False
    holes = x.float().masked_fill(~known, torch.nan) if event.kind == "vector" else torch.where(known, x, 7)
    filled = model.complete(holes, known, generator=generator(2))
    assert torch.equal(filled[known].to(x.dtype), x[known])
    assert filled.isfinite().all()
    assert torch.equal(filled, model.complete(holes, known, generator=generator(2)))
    if event.kind == "vector":
        assert not torch.equal(filled, model.complete(holes, known, generator=generator(3)))


def linear_vae():
    """A VAE whose x is Gaussian, and whose encoder is not its posterior."""
    network = {"hidden": [], "activation": "identity"}
    settings = {"family": "vae", "latent": 2, "likelihood": "gaussian", "observation_std": 0.5, "scaling": "none"}
    settings |= {"encoder": network, "decoder": network}
    torch.manual_seed(0)
    model = build(FAMILIES["vae"].settings.model_validate(settings), Event((3,), "vector", "float32"))
    weight, bias = (parameter.detach() for parameter in model.player.decoder.parameters())
    return model, bias, weight @ weight.T + 0.25 * torch.eye(3)


def test_the_chain_of_a_vae_reaches_the_distribution_given_the_known_numbers_whatever_its_encoder():
    model, mean, covariance = linear_vae()
    n = 1_500
    x, known = torch.full((n, 3), 1.5), torch.zeros(n, 3, dtype=torch.bool)
    known[:, 0] = True
    drawn = model.complete(x, known, generator=generator())[:, 1:]
    expected, spread = given(mean, covariance, 1.5)
    error = 4 * (spread.diag() / n).sqrt()
    assert ((drawn.mean(0) - expected).abs() < error).all()
    torch.testing.assert_close(torch.cov(drawn.T), spread, rtol=0.12, atol=0.03)


def test_without_known_numbers_a_vae_draws_samples():
    model, mean, covariance = linear_vae()
    nothing = torch.zeros(1_500, 3, dtype=torch.bool)
    drawn = model.complete(torch.zeros(1_500, 3), nothing, generator=generator())
    assert ((drawn.mean(0) - mean).abs() < 4 * (covariance.diag() / 1_500).sqrt()).all()
    torch.testing.assert_close(torch.cov(drawn.T), covariance, rtol=0.12, atol=0.03)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_repeated_steps_bring_repaint_near_the_distribution_given_the_known_numbers(path):
    """With the exact denoiser; the paper's iteration itself leaves a small bias, which one pass without repeats does not have small."""

    def estimate(noisy, t):
        a, b, *_ = path.weights(t[:1])
        rest = (noisy - a * MEAN) @ torch.linalg.inv(a**2 * COVARIANCE + b**2 * torch.eye(3))
        return Estimate(MEAN + a * rest @ COVARIANCE, b * rest)

    n = 2_000
    x, known = torch.full((n, 3), 2.0), torch.zeros(n, 3, dtype=torch.bool)
    known[:, 0] = True
    expected, spread = given(MEAN, COVARIANCE, 2.0)
    levels = 10 * 0.002 ** torch.linspace(0, 1, 50)
    errors = []
    for repeats in (1, 10):
        times = [*path.time_of(levels).tolist(), 0.0]
        drawn = repaint(estimate, path, x, known, times, repeats, generator())[:, 1:]
        errors.append(float((drawn.mean(0) - expected).abs().max()))
    assert errors[1] < 0.17 < 0.35 < errors[0]
    torch.testing.assert_close(torch.cov(drawn.T), spread, rtol=0, atol=0.2)
    everything = torch.zeros_like(known)
    drawn = repaint(estimate, path, x, everything, times, 1, generator())
    torch.testing.assert_close(drawn.mean(0), MEAN, rtol=0, atol=0.12)
    torch.testing.assert_close(torch.cov(drawn.T), COVARIANCE, rtol=0, atol=0.2)


def test_two_layers_of_codes_are_refused_in_a_sentence():
    settings = FAMILIES["vae"].settings.model_validate({"family": "vae", "layers": 2})
    model = build(settings, EVENTS[1])
    x = torch.zeros(2, 1, 4, 4)
    with pytest.raises(DataError, match="two layers"):
        model.complete(x, x > 0)
    with pytest.raises(DataError, match="two layers"):
        require(model, Completes)
