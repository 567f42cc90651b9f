"""Settings without effect are named with the reason; no ready-made recipe has any."""

from __future__ import annotations

from typing import Any

import pytest

from saddlepoint.errors import SettingError
from saddlepoint.models import check_settings
from saddlepoint.models.settings import FAMILIES
from saddlepoint.recipe import Recipe, shipped_names
from saddlepoint.recipe.unused import unused_settings
from saddlepoint.settings import Settings
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings


@pytest.mark.parametrize("name", shipped_names())
def test_every_setting_of_a_shipped_recipe_has_an_effect(name: str) -> None:
    assert unused_settings(Recipe.load(name)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.penalties.r1": {"weight": 0, "half_life": 7}}, "r1.half_life: 7 (model.penalties.r1.weight is 0)"),
        (
            {"model.views.diffaugment": {"strength": 0, "policy": ["color"]}},
            "{policy: [color]} (model.views.diffaugment.",
        ),
        ({"model.updates.unrolled_rate": 0.5}, "model.updates.unrolled_rate: 0.5 (model.updates.unrolled is 0)"),
        ({"model.encoder.hidden": [5]}, "model.encoder.hidden: [5] (model.encoder.kind is none)"),
        ({"model.family": "vae", "model.top.hidden": [7]}, "model.top (model.layers is 1, not 2)"),
        ({"training.optimiser.final_fraction": 0.1}, "(training.optimiser.schedule is constant, not cosine or linear)"),
    ],
)
def test_a_setting_of_a_part_that_is_off_is_named(changes: dict[str, Any], said: str) -> None:
    [note] = unused_settings(Recipe.load("gan-digits").override(changes))
    assert said in note


def test_settings_of_a_part_that_is_on_are_not_named() -> None:
    changes = {
        "model.penalties.r1": {"weight": 1, "half_life": 7},
        "model.updates.unrolled": 2,
        "model.replay.share": 0.5,
    }
    more = {"model.updates.unrolled_rate": 0.5, "model.replay.size": 5}
    assert unused_settings(Recipe.load("gan-digits").override(changes | more)) == []


@pytest.mark.parametrize("settings", [OptimiserSettings, TrainingSettings, *(f.settings for f in FAMILIES.values())])
def test_what_a_setting_depends_on_is_a_setting(settings: type[Settings]) -> None:
    for name, (switch, *_) in settings.used_with.items():
        assert {name, switch} <= settings.model_fields.keys()


@pytest.mark.parametrize("part", ["penalties.gradient_penalty", "views.diffaugment"])
def test_arguments_of_a_part_without_weight_are_checked(part: str) -> None:
    weight = {"penalties": "weight", "views": "strength"}[part.split(".")[0]]
    recipe = Recipe.load("gan-digits").override({f"model.{part}": {weight: 0, "nonsense": 7}})
    with pytest.raises(SettingError, match=f"model.{part}: .*nonsense"):
        check_settings(recipe.model)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training.ema": 0.9}, "training.ema: 0.9 (a classical model is fitted without gradients)"),
        (
            {"training.optimiser.learning_rate": 1.0},
            "training.optimiser (a classical model is fitted without gradients)",
        ),
    ],
)
def test_settings_of_optimisers_are_named_for_a_model_without_gradients(changes: dict[str, Any], said: str) -> None:
    [note] = unused_settings(Recipe.load("mixture-digits").override(changes))
    assert said in note
