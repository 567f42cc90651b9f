"""Laws of convergence for a perfect sampler, a collapsed one and a late one."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data.mixtures import gaussian, ring
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.metrics.transport import wasserstein
from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.convergence import (
    Convergence,
    Target,
    ascending,
    due,
    mixture_cdf,
    mixture_quantiles,
    spread_shares,
)
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings, TrainingSettings

MODES = [1, 2, 3, 10, 15]
SMALL = NetworkSettings(hidden=(4,), activation="tanh")


def line(modes: int):
    return gaussian(DataSettings(modes=modes, points=64))


def perfect(modes: int, points: int) -> torch.Tensor:
    return Target.of(line(modes), points).quantiles.float()


def test_rows_are_sorted_as_torch_does():
    rows = torch.randn(5, 33, generator=torch.Generator().manual_seed(0))
    rows[1, 4], rows[2, 7], rows[3, 9] = torch.nan, torch.inf, -torch.inf
    for own in (rows, rows.double(), rows.T.contiguous().T):
        torch.testing.assert_close(ascending(own), own.sort(dim=1).values, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("modes", MODES)
def test_a_perfect_sampler_converges_at_the_fifth_probe(modes):
    convergence = Convergence(line(modes), 1)
    samples = perfect(modes, convergence.points).flip(0)[None]  # in any order
    for step in range(1, 8):
        convergence.update(samples, step)
        assert convergence.good.all()
    assert convergence.steps.tolist() == [5.0]
    assert convergence.distance.item() < 1e-6
    assert convergence.share == 1.0


@pytest.mark.parametrize("modes", MODES)
def test_a_collapsed_one_never_converges(modes):
    convergence = Convergence(line(modes), 2)
    samples = torch.full((2, convergence.points), 4.0)
    samples[1] = torch.nan
    for step in range(1, 20):
        convergence.update(samples, step)
    assert convergence.steps.isnan().all()
    assert convergence.share == 0.0


@pytest.mark.parametrize("modes", [2, 3, 10])
def test_a_mode_that_is_left_out_is_missed_whatever_the_distance(modes):
    convergence = Convergence(line(modes), 1)
    samples = perfect(modes, convergence.points)
    first = line(modes).truth.modes[0, 0]
    samples[: round(0.6 * convergence.points / modes)] = first + 2.0  # most of the first mode, half way to the next
    convergence.update(samples[None], 1)
    assert convergence.mass.item() < 0.5
    assert not convergence.good.item()


def test_replicas_are_independent_and_a_row_can_be_reset():
    convergence = Convergence(line(1), 3)
    good, bad = perfect(1, convergence.points), torch.zeros(convergence.points)
    for probe in range(1, 12):
        replicas = [good, bad if probe == 4 else good, good if probe == 6 else bad]
        convergence.update(torch.stack(replicas), 10 * probe)
    assert convergence.steps[:2].tolist() == [50.0, 90.0]
    assert convergence.steps[2].isnan()


def test_later_values_change_the_final_quality_and_not_the_step():
    convergence = Convergence(line(1), 1)
    for probe in range(1, 9):
        samples = perfect(1, convergence.points) + (5.0 if probe > 6 else 0.0)
        convergence.update(samples[None], probe)
    assert convergence.steps.item() == 5.0
    assert not convergence.good.item()


def test_replicas_may_have_data_of_their_own():
    datasets = [line(1), line(3), line(1)]
    convergence = Convergence(datasets, 3, points=96)
    convergence.update(torch.stack([perfect(3, 96), perfect(3, 96), perfect(1, 96)]), 1)
    assert convergence.good.tolist() == [False, True, True]


def test_a_frozen_replica_is_not_good():
    convergence = Convergence(line(1), 2)
    samples = perfect(1, convergence.points).expand(2, -1)
    convergence.update(samples, 1, alive=torch.tensor([True, False]))
    assert convergence.good.tolist() == [True, False]


@given(shift=st.floats(-3, 3), modes=st.sampled_from(MODES))
def test_the_distance_of_a_shift_is_the_shift(shift, modes):
    target = Target.of(line(modes), 240)
    distance, _ = target.measure(target.quantiles[None] + shift)
    assert distance.item() == pytest.approx(abs(shift) / target.std, abs=1e-9)


@pytest.mark.parametrize("modes", [1, 3])
def test_the_distance_is_that_to_the_data(modes):
    data = gaussian(DataSettings(modes=modes, points=200_000))
    samples = 4 + 2 * torch.randn(1, 512, generator=torch.Generator().manual_seed(modes), dtype=torch.float64)
    target = Target.of(data, 512)
    assert target.std == pytest.approx(data.x.double().std().item(), rel=0.01)
    exact = wasserstein(samples[0, :, None], data.x.double()).item() / target.std
    assert target.measure(samples)[0].item() == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("modes", MODES)
def test_quantiles_invert_the_distribution(modes):
    centres = line(modes).truth.modes[:, 0]
    shares = torch.linspace(1e-6, 1 - 1e-6, 101, dtype=torch.float64)
    torch.testing.assert_close(mixture_cdf(mixture_quantiles(shares, centres, 0.5), centres, 0.5), shares)
    normal = 4 + 0.5 * torch.special.ndtri(shares)
    if modes == 1:
        torch.testing.assert_close(mixture_quantiles(shares, centres, 0.5), normal)


@given(every=st.integers(1, 20))
def test_five_probes_span_a_sixth_to_a_third_of_the_steps(every):
    probe_steps = [step for step in range(0, 5_000) if due(step, every)]
    assert probe_steps[0] == every
    assert all(step % every == 0 for step in probe_steps)
    for first, last in zip(probe_steps[32:], probe_steps[36:], strict=False):
        assert 1 / 9 <= (last - first) / last <= 1 / 3
    assert len(probe_steps) <= 32 + 16 * (1 + math.log2(max(1.0, 5_000 / (32 * every))))


@pytest.mark.parametrize("latent", [1, 3])
def test_noise_is_spread_evenly(latent):
    shares = spread_shares(128, latent)
    assert shares.shape == (128, latent)
    assert 0 < shares.min() < shares.max() < 1
    torch.testing.assert_close(shares.mean(0), torch.full((latent,), 0.5), atol=0.01, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        GANSettings(latent=1, generator=SMALL, discriminator=SMALL),
        GANSettings(latent=2, generator=SMALL, discriminator=SMALL, noise={"distribution": "uniform", "scale": 8}),
        VAESettings(latent=1, encoder=SMALL, decoder=SMALL, likelihood="gaussian"),
    ],
    ids=["gan", "gan of two", "vae"],
)
def test_probes_run_while_replicas_train_and_change_nothing(model):
    data = line(2)
    training = TrainingSettings(steps=70, tick=35, batch_size=8)
    watched, alone = (Replicas(Replica.over_seeds(model, training, data, 2), device="cpu") for _ in range(2))
    convergence = Convergence(data, 2, points=40)
    for record in watched.play(watch=lambda step: convergence.check(watched, step)):
        assert record.step == 35 or convergence.distance.isfinite().all()
    assert convergence.checked == [step for step in range(1, 71) if due(step)]
    for _ in alone.play():
        pass
    torch.testing.assert_close(watched.sample(5), alone.sample(5), rtol=0, atol=0)


@pytest.mark.slow
def test_a_replica_that_diverges_is_censored_and_the_other_is_not():
    model = GANSettings(latent=1, generator=SMALL, discriminator=SMALL)
    training = TrainingSettings(steps=40, batch_size=8, optimiser=OptimiserSettings(name="sgd", learning_rate=1e-3))
    wild = training.model_copy(update={"players": {"generator": PlayerSettings(learning_rate=1e30, weight_decay=1e30)}})
    data = line(1)
    replicas = Replicas([Replica(model, training, data), Replica(model, wild, data)], device="cpu")
    convergence = Convergence(data, 2)
    for _ in replicas.play(watch=lambda step: convergence.check(replicas, step)):
        pass
    assert replicas.frozen.tolist()[0] == -1
    assert replicas.frozen.tolist()[1] >= 0
    assert not convergence.good[1]


def test_other_data_are_refused():
    with pytest.raises(SettingError, match="no known modes on a line"):
        Convergence(ring(DataSettings(points=16)), 2)
    with pytest.raises(SettingError, match="one per replica"):
        Convergence([line(1)], 2)
    with pytest.raises(SettingError, match="1 or more"):
        Convergence(line(1), 2, every=0)
