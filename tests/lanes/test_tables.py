"""Replicas of models with categories are the single runs, also where each has data of its own."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings
from tests.studies.runs import SMALL, assert_replicas_are_single_runs, training

MODELS = {
    "vae": VAESettings(latent=2, encoder=SMALL, decoder=SMALL, likelihood="mixed-learnt"),
    "gan": GANSettings(latent=2, generator=SMALL, discriminator={**dict(SMALL), "packing": 2}),
}


def rows(seed: int, groups: tuple[tuple[int, int], ...] = ((1, 4),)) -> Dataset:
    """Numbers, of which one has two regions that stand for a value each, and a category of three."""
    x = torch.randn(32, 5, generator=torch.Generator().manual_seed(seed)) + seed
    mean, std = (tuple(part.tolist()) for part in (x.mean(0), x.std(0)))
    cells = ((4, -50.0, float(seed)), (4, float(seed), 50.0))
    return Dataset("rows", x, Event((5,), "vector", mean=mean, std=std, groups=groups, cells=cells))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_replica_with_categories_is_the_single_run(name: str) -> None:
    assert_replicas_are_single_runs(Replica.over_seeds(MODELS[name], training(), rows(1), 2))


@pytest.mark.slow
def test_categories_of_replicas_with_data_of_their_own() -> None:
    replicas = [Replica(MODELS["gan"], training(), rows(seed)) for seed in (1, 2)]
    assert_replicas_are_single_runs(replicas)
    stacked = Replicas(replicas, device="cpu")
    list(stacked.play())
    for drawn in stacked.sample(20):
        assert (drawn[:, 1:4].sum(1) == 1).all()
        assert (drawn[:, 1:4].amax(1) == 1).all()


def test_replicas_with_other_categories_are_not_one_group() -> None:
    replicas = [Replica(MODELS["gan"], training(), rows(1, groups)) for groups in (((1, 4),), ((1, 3),))]
    with pytest.raises(SettingError, match="differ in the data's one-hot columns"):
        next(Replicas(replicas, device="cpu").play())
