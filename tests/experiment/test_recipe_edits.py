"""Edits of a recipe between two sessions are described; settings that a checkpoint cannot know are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from saddlepoint.experiment.recipe_edits import IGNORED, describe_edits, recorded_settings
from saddlepoint.recipe import Recipe, shipped_names

PLAIN = Recipe.load("toy-ring")


@pytest.mark.parametrize("name", shipped_names())
def test_a_recipe_that_was_read_again_was_not_edited(name: str) -> None:
    recipe = Recipe.load(name)
    saved = json.loads(json.dumps(recorded_settings(recipe)))  # as in a manifest
    assert describe_edits(saved, Recipe.parse(recipe.to_yaml())) == ""
    longer = recipe.override({"training.steps": 123_456, "training.samples": 9, "training.device": "cpu"})
    assert describe_edits(saved, longer) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.penalties.r1": 0.5}, "model.penalties.r1.weight was none and is 0.5"),
        ({"training.batch_size": 77}, "training.batch_size was"),
        ({"model.generator.hidden": [9]}, "model.generator.hidden was"),
    ],
)
def test_changes_are_named_in_both_directions(changes: dict[str, Any], said: str) -> None:
    edited = PLAIN.override(changes)
    assert said in describe_edits(recorded_settings(PLAIN), edited)
    back = describe_edits(recorded_settings(edited), PLAIN)
    assert said.split(" was ")[0] in back


def test_a_setting_of_a_later_version_is_no_edit_unless_it_was_set() -> None:
    saved = recorded_settings(PLAIN)
    del saved["training.ema"]
    default = Recipe.from_mapping({"model": {"family": "gan"}}).training.ema
    assert describe_edits(saved, PLAIN.override({"training.ema": default})) == ""
    assert describe_edits(saved, PLAIN.override({"training.ema": 0.75})) == f"training.ema was {default} and is 0.75"


def test_ignored_settings_exist() -> None:
    assert {*IGNORED} <= {entry.name for entry, _ in PLAIN.settings()}
