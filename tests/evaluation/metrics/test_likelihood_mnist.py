"""The likelihood of a trained VAE by three methods that share no code but the decoder."""

from dataclasses import replace

import pytest
import torch

from saddlepoint.data import DataSettings, load
from saddlepoint.data.batches import Batches
from saddlepoint.evaluation.metrics.annealing import Annealing
from saddlepoint.evaluation.metrics.bits import bits_per_dimension
from saddlepoint.evaluation.metrics.latent import elbo_surgery, unit_report
from saddlepoint.evaluation.metrics.latent_models import binarise, with_own_likelihood
from saddlepoint.evaluation.metrics.likelihood import annealed_log_likelihood, model_log_likelihood, variational_bounds
from saddlepoint.models import build
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

STEPS, IMAGES = 800, 30


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def trained(real_data):
    """S2's network on black and white MNIST, trained for a short time, and test images."""
    if not (real_data / "mnist").is_dir():
        pytest.skip("$SADDLEPOINT_DATA/mnist is not there")
    dataset = load(DataSettings(source="mnist", limit=20_000))
    black_and_white = replace(dataset, x=binarise(dataset.x, dataset.event))
    settings = TrainingSettings(
        steps=STEPS, batch_size=256, tick=500, device="cpu", optimiser=OptimiserSettings(learning_rate=2e-3)
    )
    model = build(VAESettings(), dataset.event)
    state = TrainingState.start(model, settings, Devices.choose("cpu", "fp32"))
    batches = Batches(black_and_white, settings.batch_size, 0, "cpu", model.scaling)
    records = [record for record in play(model, batches, settings, state) if record is not None]
    assert records[-1].values["vae/reconstruction"] < 0.9 * records[0].values["vae/reconstruction"]
    return model, binarise(dataset.held_out.x[:IMAGES], dataset.event)


@pytest.mark.slow
def test_the_bounds_of_black_and_white_mnist_are_ordered_and_annealing_holds_within_its_gap(trained):
    model, x = trained
    latent = with_own_likelihood(model)
    mean, log_variance = model.heads(x)
    inputs = latent.prepare(x)
    both = variational_bounds(latent.log_likelihood, inputs, mean, log_variance, samples=64, generator=seeded())
    own = model.log_prob(x, samples=64, generator=seeded(1))
    ais, sandwich = annealed_log_likelihood(
        latent, x, generator=seeded(2), annealing=Annealing(temperatures=100, chains=8, leapfrog=5), simulated=IMAGES
    )
    gap = sandwich.gap
    print(f"ELBO {both.elbo.mean():.2f}, IWAE-64 {both.importance.mean():.2f} (model {own.mean():.2f}), {ais}")
    # Two implementations of one bound, with draws of their own.
    difference = both.importance - own
    assert difference.mean().abs() < 5 * difference.std() / IMAGES**0.5
    assert (both.elbo < both.importance).all()
    assert both.importance.mean() < ais.values.mean() + gap.high
    assert gap.low > -0.1
    assert gap.high < 5
    # In three dimensions 5,000 draws are nearly exact: annealing must not miss mass by more than its gap says.
    nearly_exact = model.log_prob(x, samples=5_000, generator=seeded(3))
    assert (nearly_exact - ais.values).mean() < gap.high + 0.2
    assert model_log_likelihood(model, x).kind == ais.kind == "lower bound"
    bits = bits_per_dimension(ais.values, model.event, of="probability").mean()
    assert 0.1 < bits < 0.4  # a coin for every pixel would be 1


@pytest.mark.slow
def test_the_code_of_black_and_white_mnist_is_used_and_its_kl_is_information(trained):
    model, x = trained
    found = unit_report(*model.heads(x))
    cut = elbo_surgery(*model.heads(x), generator=seeded(), draws=4)
    assert found.active.sum() == 3
    assert float(found.kl.sum()) == pytest.approx(cut.kl.value)
    assert 1 < cut.information[0].value <= cut.limit
    assert cut.information[0].value < cut.kl.value
