"""The discriminator is ahead, the generator as it was, and both losses go on from the same state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch

from saddlepoint import data, models
from saddlepoint.data import Batches
from saddlepoint.data.settings import DataSettings
from saddlepoint.models.base import Model
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.studies.claims.discriminator_ahead import (
    DiscriminatorAhead,
    measure_generator,
    train_discriminator,
)
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings, TrainingSettings

NETWORK = {"network": "dcgan", "width": 2}
TRAINING = TrainingSettings(batch_size=8, optimiser=OptimiserSettings(learning_rate=1e-2))


@pytest.fixture
def model() -> Iterator[Model]:
    with torch.random.fork_rng(devices=[]):
        yield models.build(
            GANSettings(latent=4, generator=NETWORK, discriminator=NETWORK), data.load(DataSettings()).event, seed=0
        )


def weights(model: Model, player: str) -> list[torch.Tensor]:
    """Parameters and the statistics of batch normalisation."""
    return [value.detach().clone() for value in model.players[player].state_dict().values()]


def test_the_discriminator_moves_and_the_generator_stays(model: Model) -> None:
    batches = Batches(data.load(DataSettings()), TRAINING.batch_size, 0, "cpu", model.scaling)
    generator, discriminators, scores = weights(model, "g"), [], []
    for place in train_discriminator(model, batches, TRAINING, (0, 3, 12)):
        assert place == len(scores)
        scores.append(float(measure_generator(model)[0]))
        discriminators.append(weights(model, "d"))
        assert all(map(torch.equal, weights(model, "g"), generator))
    assert len(scores) == 3
    assert all(map(torch.equal, weights(model, "d"), discriminators[-1])), "a step after the last lead"
    assert scores[-1] < scores[0]
    assert not any(all(map(torch.equal, one, other)) for one, other in pairwise(discriminators))


@pytest.mark.slow
def test_a_seed_is_trained_in_the_same_way_whatever_the_number_of_seeds() -> None:
    trial = DiscriminatorAhead(
        GANSettings(latent=4, generator=NETWORK, discriminator=NETWORK),
        TRAINING.model_copy(update={"steps": 1, "tick": 1}),
        DataSettings(),
        first_steps=1,
        leads=(0, 2),
        generator=PlayerSettings(),
        most=2,
    )
    one, two = (trial.train(seeds, threads=1, report=lambda share: None) for seeds in (1, 2))
    for name, own in one.parts()[0].items():
        both = getattr(two, name)
        assert torch.equal(own, both if name == "measured_at" else both[..., :1]), name


def test_a_measurement_changes_nothing(model: Model) -> None:
    before = {
        f"{player}.{name}": value.clone()
        for player, network in model.players.items()
        for name, value in network.state_dict().items()
    }
    first, second = measure_generator(model), measure_generator(model)
    assert all(map(torch.equal, first, second))
    after = {
        f"{player}.{name}": value
        for player, network in model.players.items()
        for name, value in network.state_dict().items()
    }
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("logit", [-6.0, 0.0, 6.0])
def test_the_gradients_of_both_losses_are_in_the_ratio_of_the_odds(model: Model, logit: float) -> None:
    # By the logit of a sample they are -D and -(1 - D). The weights at the start leave all logits near the bias.
    last = [layer for layer in model.players["d"].modules() if isinstance(layer, torch.nn.Conv2d)][-1]
    assert last.bias is not None
    torch.nn.init.constant_(last.bias, logit)
    score, (minimax, other) = measure_generator(model)
    assert float(score) == pytest.approx(torch.tensor(logit).sigmoid().item(), rel=0.2)
    assert float(minimax / other) == pytest.approx(torch.tensor(logit).exp().item(), rel=0.2)
