"""A run with any penalty, constraint or view of the registries is the same run when it is interrupted and resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, PENALTIES, VIEWS
from saddlepoint.recipe import Recipe

PARTS: dict[str, dict[str, Any]] = {
    **{f"penalty {name}": {"penalties": {name: 2.0}} for name in PENALTIES},
    **{f"constraint {name}": {"constraints": {"discriminator": name, "generator": name}} for name in CONSTRAINTS},
    **{f"view {name}": {"views": {name: {"strength": 0.5, "steps": 8}}} for name in VIEWS},
    "all together": {
        "objective": "wasserstein",
        "penalties": {"gradient_penalty": {"weight": 10, "sides": 1}},
        "constraints": {"discriminator": {"name": "orthogonal", "gain": 2.0}},
        "views": {"diffaugment": ["translation", "cutout"]},
    },
}
PERCEPTRON = {"generator": {"hidden": [8]}, "discriminator": {"hidden": [8]}}
DCGAN = {role: {"network": "dcgan", "width": 4} for role in ("generator", "discriminator")}


@pytest.mark.parametrize("part", PARTS)
def test_resumed_equals_uninterrupted(part: str, tmp_path: Path) -> None:
    # What a constraint does depends on the kind of layer; penalties and views take any network.
    networks = DCGAN if "constraints" in PARTS[part] else PERCEPTRON
    recipe = {
        "data": {"source": "digits", "limit": 64},
        "model": {"family": "gan", "latent": 3, **networks, **PARTS[part]},
    }

    def train(name: str, steps: int) -> sp.Run:
        training = {"steps": steps, "batch_size": 16, "tick": 2, "checkpoint_every": 2, "samples": 4, "device": "cpu"}
        return sp.train(Recipe.from_mapping(recipe | {"training": training}), run=tmp_path / name, pictures=False)

    whole = train("whole", 4)
    half = train("half", 2)
    resumed = sp.resume(half.folder.path, steps=4, pictures=False)
    for name, player in whole.model.players.items():
        for key, value in player.state_dict().items():
            assert torch.equal(resumed.model.players[name].state_dict()[key], value), f"{name}.{key}"
    records = [
        {name: value for name, value in list(run.folder.read_records())[-1].values.items() if "time/" not in name}
        for run in (whole, resumed)
    ]
    assert records[0] == records[1]
    loaded = sp.load(resumed.folder.path)
    drawn = [m.sample(3, generator=torch.Generator().manual_seed(0)) for m in (loaded, sp.load(whole.folder.path))]
    assert torch.equal(*drawn)


@pytest.mark.parametrize(
    ("change", "part"),
    [({"model.penalties.lecam": 0.1}, "model.penalties.lecam"), ({"model.replay.share": 0.5}, "model.replay")],
)
def test_a_part_that_a_checkpoint_has_no_state_of_is_refused(
    change: dict[str, Any], part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = {"steps": 2, "batch_size": 16, "samples": 4, "device": "cpu"}
    model = {"family": "gan", "latent": 3, **PERCEPTRON}
    recipe = Recipe.from_mapping({"data": {"source": "digits", "limit": 64}, "model": model, "training": training})
    run = sp.train(recipe, run=tmp_path / "run", pictures=False)
    run.folder.recipe.write_text(run.recipe.override(change).to_yaml())
    assert main(["resume", str(run.folder.path), "--steps", "4"]) == 2
    said = capsys.readouterr().err
    assert f"holds no state of {part}, so the recipe was changed" in said
    assert f"saddlepoint train {run.folder.path}" in said
