"""Rules are evaluated on the records of a run; injected mistakes are found, and the correct model has no finding."""

from __future__ import annotations

import pytest
import torch

from saddlepoint import data as sources
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.statistics.intervals import wilson_interval
from saddlepoint.experiment.objective_checks import check
from saddlepoint.experiment.start import train
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.recipe import Recipe
from saddlepoint.studies.claims.clamped_heads import digits_vae
from saddlepoint.studies.claims.mistakes import CLAMPS, WRONG_KL, build_with_mistake
from saddlepoint.studies.claims.never_negative import log_ratio_draws, random_heads
from saddlepoint.studies.claims.watched import SAMPLES, Watched
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings


def trained(setup: Watched, seeds: int = 2):
    return setup.train(seeds, threads=1, report=lambda share: None)


def ring(steps: int, **model) -> Watched:
    layers = NetworkSettings(hidden=(16,))
    return Watched(
        GANSettings(latent=2, generator=layers, discriminator=layers, output="identity", scaling="standard", **model),
        TrainingSettings(steps=steps, batch_size=16, optimiser=OptimiserSettings(learning_rate=1e-3)),
        DataSettings(source="ring", points=500, scale=0.05),
    )


def vae(steps: int, mistake: str = "") -> Watched:
    return Watched(*digits_vae(steps, latent=4), mistake=mistake)


@pytest.mark.slow
@pytest.mark.parametrize("make", [ring, vae])
def test_replica_records_equal_those_of_a_run(make, tmp_path):
    setup = make(40)
    outcome = trained(setup)
    tick = {"seed": 1, "tick": 2, "observe_every": 1, "device": "cpu", "precision": "fp32"}
    intervals = {"every": 4, "watch_every": 2, "samples": SAMPLES}
    recipe = Recipe(name="one", data=setup.data, model=setup.model, training=setup.training.model_copy(update=tick))
    recipe = recipe.override({f"evaluation.{name}": value for name, value in intervals.items()})
    last = {}
    for record in train(recipe, run=tmp_path / "one").records:
        last |= {name: (record.step, value) for name, value in record.values.items()}
    shared = {"d/loss", "g/loss", "d/real_score", "d/fake_score", "vae/loss", "vae/kl", "vae/reconstruction"}
    for name in shared & outcome.series.keys():
        step, value = last[name]
        own = outcome.series[name][outcome.measured_at.tolist().index(step), 1]
        assert float(own) == pytest.approx(value, rel=1e-3, abs=1e-5), name


@pytest.mark.parametrize("mistake", ["", *CLAMPS, *WRONG_KL])
def test_mistakes_are_also_found_before_the_first_step(mistake):
    settings, _, data = digits_vae(1, latent=4)
    dataset = sources.load(data)
    found = {
        finding.code
        for finding in check.find_mistakes(build_with_mistake(settings, dataset.event, 3, mistake), dataset.x[:64])
    }
    assert found == ({"VAE203"} if mistake in CLAMPS else {"VAE202"} if mistake in WRONG_KL else set())


@pytest.mark.slow
@pytest.mark.parametrize("mistake", ["", *CLAMPS, *WRONG_KL])
def test_mistakes_are_found_and_nothing_else(mistake):
    # While KL grows, a tick's mean lags behind the heads': a factor of two is seen once it has settled.
    outcome = trained(vae(1_000 if mistake == "not halved" else 160, mistake))
    assert outcome.with_any("VAE203") == (outcome.seeds if mistake in CLAMPS else 0)
    assert outcome.with_any("VAE202") == (outcome.seeds if mistake in WRONG_KL else 0)


def test_a_mistake_leaves_the_first_weights_alone():
    model, _, data = digits_vae(1)
    event = sources.load(data).event
    right = build_with_mistake(model, event, 3, "").player.state_dict()
    for mistake in (*CLAMPS, *WRONG_KL):
        wrong = build_with_mistake(model, event, 3, mistake).player.state_dict()
        assert len(wrong) == len(right)
        assert all(torch.equal(a, b) for a, b in zip(right.values(), wrong.values(), strict=True))


@pytest.mark.slow
def test_the_finding_speaks_of_the_series_that_was_measured():
    outcome = trained(vae(160, "ReLU on both heads"))
    finding = outcome.findings[0]["VAE203"]
    assert finding.severity == "failure"
    ties = outcome.series["vae/mean_ties"][outcome.measured_at.tolist().index(finding.step), 0]
    assert float(ties) > 0.01


def test_the_mean_of_single_draws_is_the_closed_form():
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 400, 3, generator=generator, dtype=torch.float64)
    drawn = log_ratio_draws(mean, log_variance, 1_000, generator)
    off = (drawn.mean(0) - kl_standard_normal(mean, log_variance)) / (drawn.std(0) / 1_000**0.5)
    # Of 400 intervals of 95 % so many hold, but for one case in ten thousand.
    assert 0.95 in wilson_interval(float((off.abs() < 1.96).sum()), 400, level=0.9999)
    assert (drawn < 0).any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_random_heads_come_close_to_the_prior_and_go_far_from_it(dtype):
    mean, log_variance = random_heads(2_000, 4, torch.Generator().manual_seed(0), dtype)
    kl = kl_standard_normal(mean, log_variance)
    assert mean.dtype == dtype
    assert kl.isfinite().all()
    assert (kl >= 0).all()
    assert kl.min() < 1e-8
    assert kl.max() > 1e3


@pytest.mark.slow
def test_irregularly_measured_series_have_gaps_and_an_end():
    outcome = trained(ring(40))
    assert outcome.series["quality/energy_distance"].isnan().any(1).sum() > 5
    assert outcome.at_end("quality/energy_distance").isfinite().all()
    assert (outcome.through("g/sample_gradient") > 0).all()
    assert outcome.samples.shape == (2, SAMPLES, 2)
    assert outcome.measured_at[0] == 0
    assert outcome.measured_at[-1] == 40
