"""Every pair of registered parts trains, resumes, samples and is diagnosed, or is refused by a sentence that names both parts."""

from __future__ import annotations

import copy
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint.data import load
from saddlepoint.data.batches import Batches
from saddlepoint.errors import SettingError
from saddlepoint.models import build
from saddlepoint.models.gan.conditions.settings import CONDITIONS
from saddlepoint.networks.settings import NETWORKS
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS
from saddlepoint.recipe import Recipe
from saddlepoint.training import Devices, TrainingState, play
from tests.pairwise import pairwise_rows

CONDITION: list[dict[str, Any]] = [
    {},
    {"generator": "concatenate", "discriminator": "concatenate"},
    {"generator": "batch_norm", "discriminator": "projection"},
    {"generator": "concatenate", "discriminator": "auxiliary"},
    {"discriminator": "info"},
    {"discriminator": "classes"},
]
FACTORS: dict[str, list[Any]] = {
    "objective": list(LOSSES),
    "penalty": [None, *PENALTIES],
    "constraint": [None, *CONSTRAINTS],
    "condition": CONDITION,
    "view": [None, *VIEWS],
    "network": list(NETWORKS),
}
# Losses with penalties, most of all pairs, are trained without a run's folder.
ALONE = ("objective", "penalty")
ROWS = pairwise_rows(FACTORS, without=[ALONE])


def test_the_rows_cover_every_pair_of_registered_parts() -> None:
    assert set(CONDITIONS) == {name for given in CONDITION for name in given.values()}
    for a, b in set(combinations(FACTORS, 2)) - {ALONE}:
        covered = {(str(row[a]), str(row[b])) for row in ROWS}
        assert len(covered) == len(FACTORS[a]) * len(FACTORS[b])


def _model(row: dict[str, Any]) -> dict[str, Any]:
    network = {"network": row["network"], "width": 4, "hidden": [8]}
    return {
        "latent": 4,
        "objective": row["objective"],
        "penalties": {row["penalty"]: 0.1} if row["penalty"] else {},
        "constraints": {"discriminator": row["constraint"]} if row["constraint"] else {},
        "condition": row["condition"],
        "views": {row["view"]: 1.0} if row["view"] else {},
        "generator": {**network, "batch_norm": row["network"] == "mlp"},
        "discriminator": network,
        "labels": {"smoothing": 0.0},
    }


@pytest.mark.slow
@pytest.mark.usefixtures("as_set")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(str(value) for value in row.values() if value))
def test_two_steps_resumption_samples_and_diagnosis(row: dict[str, Any], tmp_path: Path) -> None:
    training = {"tick": 2, "batch_size": 8, "steps": 2, "precision": "fp32"}
    try:
        run = sp.train(
            "gan-digits",
            data={"limit": 64},
            model=_model(row),
            training=training,
            evaluation={"samples": 20},
            run=tmp_path / "run",
            pictures=False,
        )
    except SettingError as refused:
        _names_two_parts(str(refused), row)
        return
    assert all(math.isfinite(v) for v in run.records[-1].values.values() if not isinstance(v, str))
    resumed = sp.resume(tmp_path / "run", steps=4, pictures=False)
    assert resumed.summary["step"] == 4
    labels = torch.tensor([0, 3, 9]) if resumed.model.classes else None
    samples = resumed.model.sample(3, labels=labels, generator=torch.Generator().manual_seed(0))
    assert tuple(samples.shape) == (3, 1, 8, 8)
    again = sp.load(tmp_path / "run").sample(3, labels=labels, generator=torch.Generator().manual_seed(0))
    assert torch.equal(samples, again)
    assert sp.diagnose(tmp_path / "run").headline


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("objective", LOSSES)
def test_two_steps_of_a_loss_and_a_penalty(objective: str, penalty: str) -> None:
    row = {"objective": objective, "penalty": penalty, "constraint": None, "condition": {}, "view": None}
    settings = {
        "data": {"source": "digits", "limit": 64},
        "model": {"family": "gan", **_model(row | {"network": "mlp"})},
        "training": {"steps": 2, "tick": 1, "batch_size": 8},
    }
    try:
        recipe = Recipe.from_mapping(settings)
    except SettingError as refused:
        _names_two_parts(str(refused), row)
        return
    dataset = load(recipe.data)
    model = build(recipe.model, dataset.event, seed=0)
    devices = Devices.choose("cpu", "fp32", model)
    state = TrainingState.start(model, recipe.training, devices)
    before = copy.deepcopy(model.players)
    batches = Batches(dataset, recipe.training.batch_size, 0, "cpu", model.scaling)
    records = [record for record in play(model, batches, recipe.training, state) if record is not None]
    assert len(records) == 2
    assert all(math.isfinite(value) for record in records for value in record.values.values())
    for name, player in model.players.items():
        assert any(not torch.equal(a, b) for a, b in zip(before[name].parameters(), player.parameters(), strict=True))


def _names_two_parts(message: str, row: dict[str, Any]) -> None:
    """A refusal is about two parts that were combined."""
    values = [*row.values(), *row["condition"].values()]
    named = [value for value in values if isinstance(value, str) and value in message]
    assert len(set(named)) >= 2 or ("generator" in message and "batch_norm" in message), message
