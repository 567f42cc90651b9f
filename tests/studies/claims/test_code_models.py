"""Codes and reconstructions of autoencoders are measured as a single model measures them, and baselines obey their laws."""

from __future__ import annotations

import math

import pytest
import torch

from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models.capabilities import HasLatentPosterior, has
from saddlepoint.studies.claims.autoencoders import LINEAR, SIMPLE, linear, matched, simple, variational
from saddlepoint.studies.claims.code_models import CodeModel, CodeOutcome, _Monitor, entropy
from saddlepoint.studies.claims.faster_vae import first_below
from saddlepoint.studies.claims.log_variances import interval_over_seeds, over_units
from saddlepoint.studies.claims.principal import Components, largest_angle, pixels
from saddlepoint.studies.claims.separated_digits import score
from saddlepoint.studies.claims.step_times import StepTimes

MODELS = {SIMPLE: simple(True), LINEAR: linear(True), "matched": matched(True), "VAE": variational(True)}


def untrained(setup: CodeModel, seeds: int) -> tuple[Replicas, _Monitor]:
    datasets = [setup.dataset(seed) for seed in range(seeds)]
    replicas = Replicas(
        [
            Replica(setup.model, setup.training.model_copy(update={"seed": seed}), own)
            for seed, own in enumerate(datasets)
        ],
        device="cpu",
        compiled=False,
    )
    return replicas, _Monitor(datasets, replicas)


@pytest.mark.parametrize("name", MODELS)
def test_replicas_are_measured_like_single_models_on_their_own_split(name):
    setup = MODELS[name]
    replicas, monitor = untrained(setup, 2)
    measured, codes = monitor.measure(), monitor.codes()
    for seed in range(2):
        model, (_, test) = replicas.model(seed), pixels(setup.dataset(seed))
        held_out = setup.dataset(seed).held_out.x
        own = model.encode(held_out)
        torch.testing.assert_close(codes["held_out"][seed], own, rtol=1e-4, atol=1e-5)
        assert len(codes["train"][seed]) == len(setup.dataset(seed))
        mean = model.player.decoder(own).detach().flatten(1)
        mean = mean.sigmoid() if name in ("matched", "VAE") else mean
        expected = (mean - test).square().sum(1).mean()
        assert float(measured["error"][seed]) == pytest.approx(float(expected), rel=1e-4)
        if has(model, HasLatentPosterior):
            mean, log_variance = (part.detach() for part in model.infer(model.model_units(held_out)))
            kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).mean(0)
            torch.testing.assert_close(measured["unit_kl"][seed], kl, rtol=1e-3, atol=1e-5)
            torch.testing.assert_close(measured["unit_log_variance"][seed], log_variance.mean(0), rtol=1e-3, atol=1e-5)
            torch.testing.assert_close(measured["unit_variance"][seed], mean.var(0, correction=0), rtol=1e-3, atol=1e-5)


def test_the_directions_of_a_linear_decoder_are_its_weights():
    replicas, monitor = untrained(MODELS[LINEAR], 2)
    (name,) = (key for key in replicas.tensors() if "decoder" in key and key.endswith("weight"))
    weights = replicas.tensors()[name]
    torch.testing.assert_close(monitor.codes()["directions"], weights.transpose(1, 2), rtol=1e-4, atol=1e-5)


def test_every_seed_has_its_own_split():
    first, second = (simple(True).dataset(seed) for seed in (0, 1))
    assert len(first) == len(second)
    assert not torch.equal(first.held_out.y, second.held_out.y)


def test_series_begin_before_the_first_step_and_terms_after_it():
    outcome = variational(True).train(2, threads=1, report=lambda share: None)
    assert outcome.measured_at.tolist() == list(range(outcome.setup.training.steps + 1))
    for name, values in outcome.series.items():
        assert values.shape[:2] == (len(outcome.measured_at), 2), name
        assert values[1:].isfinite().all(), name
        assert bool(values[0].isnan().any()) == (name in ("reconstruction", "kl")), name
    torch.testing.assert_close(outcome.kl(), outcome.series["unit_kl"].sum(2))


def test_the_entropy_of_pixels():
    x = torch.tensor([[0.0, 1.0], [0.5, 0.5], [0.5, 1.0]])
    torch.testing.assert_close(entropy(x), torch.tensor([0.0, 2.0, 1.0]).double() * math.log(2), rtol=1e-9, atol=1e-9)


def test_components_reconstruct_the_better_the_more_there_are():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 5, generator=generator).double() * torch.arange(1, 6)
    fitted = Components.fit(x)
    errors = [fitted.error(x, units) for units in range(6)]
    variances = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    for units, error in enumerate(errors):
        assert error == pytest.approx(float(variances[units:].sum()), rel=1e-9, abs=1e-9)
    torch.testing.assert_close(fitted.codes(x, 2).var(0, correction=0), variances[:2])


@pytest.mark.parametrize("degrees", [0.0, 1.0, 30.0, 90.0])
def test_the_largest_angle_of_two_planes(degrees):
    angle = math.radians(degrees)
    plane = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    # Other vectors of a plane that is turned about its first axis.
    turned = torch.tensor([[3.0, 0.0, 0.0], [1.0, math.cos(angle), math.sin(angle)]])
    assert largest_angle(plane, turned) == pytest.approx(degrees, abs=1e-4)
    assert largest_angle(turned, plane) == pytest.approx(degrees, abs=1e-4)


def outcome_with(**series: torch.Tensor) -> CodeOutcome:
    length, seeds = next(iter(series.values())).shape[:2]
    nothing = torch.zeros(seeds, 1, 1)
    own = {name: value.double() for name, value in series.items()}
    return CodeOutcome(variational(True), torch.arange(length) * 10, own, nothing, nothing, nothing)


def test_the_first_step_below_a_goal_of_each_seed():
    outcome = outcome_with(error=torch.tensor([[5.0, 5.0, 5.0], [3.0, 5.0, 4.0], [4.0, 5.0, 2.0]]))
    found = first_below(outcome, torch.tensor([3.0, 3.0, 2.5]).double())
    assert found[[0, 2]].tolist() == [10.0, 20.0]
    assert found[1].isnan()


def test_means_over_chosen_units_leave_out_seeds_without_any():
    values = torch.tensor([[1.0, 2.0, 6.0], [1.0, 2.0, 3.0]])
    chosen = torch.tensor([[True, False, True], [False, False, False]])
    means = over_units(values, chosen)
    assert float(means[0]) == 3.5
    assert means[1].isnan()
    assert math.isnan(interval_over_seeds(means).value)
    assert interval_over_seeds(torch.tensor([1.0, torch.nan, 3.0])).value == 2.0


def test_separated_classes_score_one_and_mixed_ones_do_not():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(400) % 4
    noise = torch.randn(400, 2, generator=generator)
    centres = torch.tensor([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0], [100.0, 100.0]])
    split = [(labels[:200], labels[200:])]
    apart, mixed = (score([(codes[:200], codes[200:])], split) for codes in (centres[labels] + noise, noise))
    assert float(apart.accuracy) == 1.0
    assert float(apart.silhouette) > 0.95
    # Chance is 0.25 with a standard error of 0.031.
    assert float(mixed.accuracy) < 0.25 + 5 * 0.031
    assert abs(float(mixed.silhouette)) < 0.1


def test_steps_are_timed_for_every_model_and_seed():
    found = StepTimes((simple(True), variational(True)), 2, 1, 2).train(5, threads=1, report=lambda share: None)
    assert found.seconds.shape == (2, 2)
    assert (found.seconds > 0).all()
