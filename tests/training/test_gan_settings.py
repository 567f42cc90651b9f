"""Every piece that a GAN recipe may use trains, alone and with all others, on the ring's recipe cut short."""

from __future__ import annotations

import math

import pytest
import torch

from saddlepoint.data import Batches, load
from saddlepoint.models import build
from saddlepoint.recipe import Recipe
from saddlepoint.training import Devices, TrainingState, play

PIECES = {
    "minibatch": {"discriminator.minibatch_kernels": 4},
    "feature-matching": {"objective": "feature-matching"},
    "packing": {"discriminator.packing": 3},
    "flipping": {"labels.flipping": 0.1},
    "replay": {"replay.share": 0.5, "replay.size": 5},
    "stratified": {"noise.stratified": True, "noise.distribution": "uniform", "noise.scale": 2.0},
    "normal": {"generator.weights": "normal"},
}
PIECES["all"] = {name: value for piece in PIECES.values() for name, value in piece.items()}


@pytest.mark.parametrize("fresh_noise", [False, True])
@pytest.mark.parametrize("piece", PIECES)
def test_it_trains_on_the_ring(piece: str, fresh_noise: bool) -> None:
    changes = {f"model.{name}": value for name, value in PIECES[piece].items()}
    short = {"training.steps": 12, "training.tick": 4, "data.points": 300, "model.noise.fresh": fresh_noise}
    recipe = Recipe.load("toy-ring").override(changes | short)
    dataset = load(recipe.data)
    model = build(recipe.model, dataset.event, seed=0)
    state = TrainingState.start(model, recipe.training, Devices.choose("cpu", "fp32"))
    before = {name: [p.detach().clone() for p in player.parameters()] for name, player in model.players.items()}
    batches = Batches(dataset, recipe.training.batch_size, 0, torch.device("cpu"), model.scaling)
    records = [record for record in play(model, batches, recipe.training, state) if record is not None]
    assert [record.step for record in records] == [4, 8, 12]
    assert all(math.isfinite(value) for record in records for value in record.values.values())
    for name, player in model.players.items():
        assert any(not torch.equal(new, old) for new, old in zip(player.parameters(), before[name], strict=True))
    assert model.sample(5).isfinite().all()
