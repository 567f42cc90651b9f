"""A remedy is offered only if a model can be built and trained with it."""

from __future__ import annotations

from typing import Any

import pytest

from saddlepoint import data, models
from saddlepoint.diagnosis.escalation import ESCALATION
from saddlepoint.errors import SettingError
from saddlepoint.experiment.accepted_changes import changed_recipe
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.experiment.suggestion import suggest_remedy
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding

CONDITION = "model.condition.discriminator"
RECIPES: dict[str, Recipe] = {
    "info": Recipe.load("info-digits"),
    "auxiliary": Recipe.load("gan-digits-conditional").override({CONDITION: "auxiliary"}),
    "bigan": Recipe.load("bigan-digits"),
    "codes": Recipe.load("adversarial-autoencoder-digits"),
    "vae-gan": Recipe.load("vae-gan-digits"),
    "energy": Recipe.load("gan-digits-conditional").override(
        {"model.objective": "energy-margin", "model.labels.smoothing": 0.0, CONDITION: "concatenate"}
    ),
    "saturating": Recipe.load("info-digits").override({"model.objective": "minimax"}),
    "unrolled": Recipe.load("toy-ring").override({"model.updates.unrolled": 2}),
}
PACKING = "model.discriminator.packing"


@pytest.mark.parametrize("name", RECIPES)
def test_the_model_of_every_suggestion_can_be_built(name: str) -> None:
    recipe = RECIPES[name]
    event = data.load(recipe.data).event
    models.build(recipe.model, event)
    suggested = 0
    for code in ESCALATION:
        tried: list[int] = []
        while (found := suggest_remedy(recipe, Finding(code, "failure", 100, "It fails."), tried)) is not None:
            tried.append(found.number)
            if found.recipe.model != recipe.model:
                models.build(found.recipe.model, event)
            suggested += 1
    assert suggested > 10


@pytest.mark.parametrize(
    ("name", "refused"), [("info", "packing"), ("auxiliary", "packing"), ("bigan", "packing"), ("energy", "projection")]
)
def test_a_refused_remedy_is_neither_advised_nor_proposed(name: str, refused: str) -> None:
    run = start_diagnosis(RECIPES[name]).facts
    assert run.remedy(refused) is None
    assert run.remedy(refused, "slower") == run.remedy("slower") is not None
    assert run.advice(refused, "slower") == run.advice("slower")
    allowed = start_diagnosis(Recipe.load("gan-digits")).facts
    assert allowed.remedy("packing") == {PACKING: 2}
    assert "(`model.discriminator.packing`)" in allowed.advice("packing", "slower")


def test_untrusted_parts_are_not_imported() -> None:
    recipe = RECIPES["info"].override({"model.penalties.no_such_module_anywhere:penalty": 1.0})
    with pytest.raises(SettingError, match="no_such_module_anywhere"):
        models.check_settings(recipe.model)
    changes: dict[str, Any] = {PACKING: 2}
    assert changed_recipe(recipe, changes, "a remedy") == recipe.override(changes)
