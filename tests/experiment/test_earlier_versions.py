"""Recipes and run folders of version 0.1, whose settings had other names, load, resume and are reported.

`version_0_1/` holds recipe.yaml of runs that version 0.1 saved.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from saddlepoint import experiment
from saddlepoint.diagnosis.escalation import UNUSUAL_RATES
from saddlepoint.experiment.interventions import read_interventions
from saddlepoint.experiment.reporting import write_report
from saddlepoint.experiment.suggestion import suggest_remedy
from saddlepoint.recipe import Recipe, earlier_names
from saddlepoint.records import Finding, RunFolder
from tests.experiment.runs import comparable_state, start_session

SAVED = Path(__file__).with_name("version_0_1")
RATE, EARLIER_RATE = "training.players.generator.learning_rate", "training.generator.learning_rate"
TRY = {
    "number": 1, "code": "GAN101", "title": "The discriminator wins.", "found": 10, "since": 5, "returned_to": 0,
    "rung": UNUSUAL_RATES, "changes": {EARLIER_RATE: [1e-07, None]},
}  # fmt: skip


def test_earlier_player_settings_of_a_recipe_keep_their_meaning() -> None:
    training = Recipe.load(SAVED / "gan.yaml").training
    assert training.optimiser.clip_norm == 1.0
    assert training.player("discriminator") == training.optimiser.model_copy(update={"clip_norm": None})
    own = {"name": "adamw", "learning_rate": 1e-4}
    assert training.player("generator") == training.optimiser.model_copy(update=own)


@pytest.mark.parametrize("name", ["gan", "vae"])
def test_a_recipe_is_saved_with_present_names(name: str) -> None:
    recipe = Recipe.load(SAVED / f"{name}.yaml")
    text = recipe.to_yaml()
    assert Recipe.parse(text) == recipe
    values = {entry.name for entry, _ in Recipe.parse(text).settings()}
    assert not values & set(earlier_names.EARLIER_NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gan", "vae"])
def test_a_run_is_resumed_as_if_it_had_the_present_names(name: str, tmp_path: Path) -> None:
    present, earlier = tmp_path / "present", tmp_path / "earlier"
    recipe = Recipe.load(SAVED / f"{name}.yaml")
    start_session(recipe, present).run()
    shutil.copytree(present, earlier)
    shutil.copyfile(SAVED / f"{name}.yaml", RunFolder(earlier).recipe)
    for path in (present, earlier):
        experiment.resume(path, steps=recipe.training.steps + 7)
    assert comparable_state(earlier) == comparable_state(present)
    assert RunFolder(earlier).recipe.read_text() == RunFolder(present).recipe.read_text()
    if name == "gan":  # drawing takes most of the time
        assert write_report(earlier).is_file()


def test_recorded_remedies_are_read_with_present_names(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.cures.write_text(json.dumps(TRY) + "\n")
    (tried,) = read_interventions(folder)
    assert tried.changes == {RATE: (1e-07, None)}
    finding = Finding("GAN101", "failure", 10, "The discriminator wins.", {}, "Slow it down.", {EARLIER_RATE: 1e-3})
    suggested = suggest_remedy(Recipe().override({EARLIER_RATE: 5e-4}), finding)
    assert suggested is not None
    assert suggested.changes == {RATE: (5e-4, 1e-3)}


def test_a_recorded_remedy_may_turn_a_part_off() -> None:
    remedy = {"model.instance_noise": 0.0, "model.instance_noise_steps": 40}
    finding = Finding("GAN104", "failure", 10, "The noise hides the data.", {}, "Leave it out.", remedy)
    strength, steps = "model.views.instance_noise.strength", "model.views.instance_noise.steps"
    suggested = suggest_remedy(Recipe().override({strength: 0.1}), finding)
    assert suggested is not None
    assert suggested.changes == {strength: (0.1, 0.0), steps: (0, 40)}


def test_a_recorded_half_life_belongs_to_the_penalties_before_the_intervention(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.cures.write_text(json.dumps(TRY | {"changes": {"model.penalty_half_life": [0, 70]}}) + "\n")
    archived = RunFolder(folder.attempt(1)).recipe
    archived.parent.mkdir(parents=True)
    archived.write_text(Recipe().override({"model.penalties.r1": 2}).to_yaml())
    (tried,) = read_interventions(folder)
    assert tried.changes == {"model.penalties.r1.half_life": (0, 70)}


def test_options_may_have_earlier_names() -> None:
    assert Recipe().override({EARLIER_RATE: "1e-4"}) == Recipe().override({RATE: 1e-4})
