"""Training in memory goes on from its checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from saddlepoint.data import from_array
from saddlepoint.experiment import in_memory
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.recipe import Recipe


class StopError(Exception):
    """Stands for what ends a process."""


def test_a_stopped_training_goes_on_and_equals_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_memory, "KEEPING", 0.0)
    model = {
        "family": "vae",
        "latent": 2,
        "likelihood": "gaussian",
        "encoder": {"hidden": [8]},
        "decoder": {"hidden": [8]},
    }
    recipe = Recipe.model_validate(
        {"name": "small", "model": model, "training": {"steps": 100, "batch_size": 10, "ema": 0.9}}
    )
    dataset = from_array(torch.randn(50, 3, generator=torch.Generator().manual_seed(0)))
    said: list[str] = []

    def stopping(what: str, share: float) -> None:
        if "step 60" in what:
            raise StopError

    whole = train_in_memory(recipe, dataset, 1)
    with pytest.raises(StopError):
        train_in_memory(recipe, dataset, 1, keep=tmp_path, report=stopping)
    resumed = train_in_memory(recipe, dataset, 1, keep=tmp_path, report=lambda what, share: said.append(what))
    assert said[0].endswith("step 60 of 100")
    for name, player in whole.players.items():
        for one, other in zip(player.parameters(), resumed.players[name].parameters(), strict=True):
            assert torch.equal(one, other)
