"""A run with any penalty, constraint or view of the registries is the same run when it is interrupted and resumed."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, PENALTIES, VIEWS
from saddlepoint.recipe import Recipe

PARTS: dict[str, dict[str, Any]] = {
    # Views with penalties, which take any of them: two parts a run.
    **{
        f"{penalty} {view}": {"penalties": {penalty: 2.0}, "views": {view: {"strength": 0.5, "steps": 8}}}
        for penalty, view, _ in zip(
            itertools.cycle(PENALTIES), itertools.cycle(VIEWS), range(max(len(PENALTIES), len(VIEWS)))
        )
    },
    **{f"constraint {name}": {"constraints": {"discriminator": name, "generator": name}} for name in CONSTRAINTS},
    "all together": {
        "objective": "wasserstein",
        "penalties": {"gradient_penalty": {"weight": 10, "sides": 1}},
        "constraints": {"discriminator": {"name": "orthogonal", "gain": 2.0}},
        "views": {"diffaugment": ["translation", "cutout"]},
    },
}
PERCEPTRON = {"generator": {"hidden": [8]}, "discriminator": {"hidden": [8]}}
DCGAN = {role: {"network": "dcgan", "width": 4} for role in ("generator", "discriminator")}


@pytest.mark.slow
@pytest.mark.usefixtures("as_set")
@pytest.mark.parametrize("part", PARTS)
def test_resumed_equals_uninterrupted(part: str, tmp_path: Path) -> None:
    # What a constraint does depends on the kind of layer; penalties and views take any network.
    networks = DCGAN if "constraints" in PARTS[part] else PERCEPTRON
    recipe = {
        "data": {"source": "digits", "limit": 64},
        "model": {"family": "gan", "latent": 3, **networks, **PARTS[part]},
        "evaluation": {"every": 2, "watch_every": 2, "samples": 20},
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


def trained(folder: Path, parts: dict[str, Any]) -> sp.Run:
    """A GAN with these parts after two steps."""
    training = {"steps": 2, "batch_size": 16, "samples": 4, "device": "cpu"}
    recipe = Recipe.from_mapping(
        {
            "data": {"source": "digits", "limit": 64},
            "model": {"family": "gan", "latent": 3, **PERCEPTRON, **parts},
            "training": training,
        }
    )
    return sp.train(recipe, run=folder, pictures=False)


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed since the last call, on one line."""
    captured = capsys.readouterr()
    return " ".join((captured.out + captured.err).split())


@pytest.mark.parametrize("added", [True, False])
@pytest.mark.parametrize(
    ("parts", "part"),
    [
        ({"penalties": {"lecam": 0.1}}, "model.penalties.lecam"),
        ({"replay": {"share": 0.5}}, "model.replay"),
    ],
)
def test_a_part_with_state_is_neither_added_nor_removed_between_sessions(
    parts: dict[str, Any], part: str, added: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path / "run", {} if added else parts)
    model = {"family": "gan", "latent": 3, **PERCEPTRON, **(parts if added else {})}
    run.folder.recipe.write_text(Recipe.from_mapping({**run.recipe.model_dump(mode="json"), "model": model}).to_yaml())
    before = sorted(run.folder.path.rglob("*"))
    assert main(["resume", str(run.folder.path), "--steps", "4"]) == 2
    said = printed(capsys)
    wrong = f"holds no state of {part}" if added else f"holds the state of {part}, which the recipe does not have"
    assert f"{wrong}, so the recipe was changed" in said
    assert f"saddlepoint train {run.folder.path}" in said
    assert sorted(run.folder.path.rglob("*")) == before


@pytest.mark.slow
def test_an_edited_recipe_is_noted_when_the_run_is_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path / "run", {"penalties": {"r1": 1.0}})
    edited = run.recipe.override({"model.penalties.r1": "none", "training.optimiser.learning_rate": 5e-4})
    run.folder.recipe.write_text(edited.to_yaml())
    assert main(["resume", str(run.folder.path), "--steps", "4"]) == 0
    said = printed(capsys)
    assert "The recipe was edited after step 2: model.penalties.r1.weight was 1.0 and is none" in said
    assert "training.optimiser.learning_rate was" in said
    assert main(["resume", str(run.folder.path), "--steps", "6"]) == 0
    assert "was edited" not in printed(capsys), "the newest checkpoint has the new values"
