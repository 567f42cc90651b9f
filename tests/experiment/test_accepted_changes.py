"""A remedy is offered only if a model can be built and trained with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from saddlepoint import data, models
from saddlepoint.diagnosis.escalation import ESCALATION
from saddlepoint.errors import SettingError
from saddlepoint.experiment import prepare
from saddlepoint.experiment.accepted_changes import changed_recipe
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.experiment.suggestion import suggest_remedy
from saddlepoint.experiment.summary import recorded_classes
from saddlepoint.networks.build import build
from saddlepoint.networks.settings import NETWORKS, NetworkSettings
from saddlepoint.recipe import Recipe, trust
from saddlepoint.records import Finding, RunFolder
from tests.experiment.runs import recipe as small_recipe

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


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_the_model_of_every_suggestion_can_be_built(name: str) -> None:
    recipe = RECIPES[name]
    event = data.load(recipe.data).event
    classes = len(event.class_names or ())
    models.build(recipe.model, event)
    suggested, built = 0, [recipe.model]
    for code in ESCALATION:
        tried: list[int] = []
        finding = Finding(code, "failure", 100, "It fails.")
        while (found := suggest_remedy(recipe, finding, tried, classes=classes)) is not None:
            tried.append(found.number)
            if found.recipe.model not in built:  # many codes suggest the same
                models.build(found.recipe.model, event)
                built.append(found.recipe.model)
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
    changes: dict[str, Any] = {"model.penalties.r1.weight": 1.0}
    assert changed_recipe(recipe, changes, "a remedy", 10) == recipe.override(changes)


OWN = "no_such_module_anywhere:Own"


@pytest.mark.parametrize(
    ("name", "untrusted"),
    [
        ("info", {"model.generator.network": OWN}),
        ("info", {f"model.penalties.{OWN}": 1.0}),
        ("info", {"model.objective": OWN}),
        ("info", {"model.constraints.discriminator": OWN}),
        ("info", {f"model.views.{OWN}": 1.0}),
        ("auxiliary", {"model.condition.generator": OWN}),
        ("info", {"model.encoder.kind": OWN, "model.constraints.encoder": "clip"}),
    ],
)
def test_an_untrusted_part_does_not_switch_off_the_checks_of_the_others(name: str, untrusted: dict[str, Any]) -> None:
    recipe = RECIPES[name].override(untrusted)
    for classes in (None, 10):
        assert changed_recipe(recipe, {PACKING: 2}, "a remedy", classes) is None
        assert changed_recipe(recipe, {"model.penalties.r1.weight": 1.0}, "a remedy", classes) is not None


TEN = """
from saddlepoint.models.gan.conditions.concatenate import Concatenate

ASKED = []

class Ten(Concatenate):
    def heads(self, classes):
        ASKED.append(classes)
        if classes != 10:
            raise ValueError(f"ten classes are needed, got {classes}")
        return {}
"""


@pytest.fixture
def ten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe of digits with a trusted condition of the user's own, which needs ten classes."""
    (tmp_path / "ten_classes.py").write_text(TEN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(trust.FOLDER_VARIABLE, str(tmp_path / "configuration"))
    monkeypatch.setattr(trust, "_granted", set())
    monkeypatch.delitem(sys.modules, "ten_classes", raising=False)
    recipe = RECIPES["auxiliary"].override({CONDITION: "ten_classes:Ten"})
    trust.require_trust(recipe.model, where="recipe", trust=True)
    return recipe


@pytest.mark.parametrize(("classes", "valid"), [(10, True), (None, True), (3, False), (0, False)])
def test_a_condition_that_fails_with_the_classes_of_the_data_is_not_accepted(
    classes: int | None, valid: bool, ten: Recipe
) -> None:
    changes: dict[str, Any] = {"model.penalties.r1.weight": 1.0}
    found = changed_recipe(ten, changes, "a remedy", classes)
    assert found == (ten.override(changes) if valid else None)


def test_a_run_asks_its_parts_with_the_classes_of_its_data(tmp_path: Path, ten: Recipe) -> None:
    own = small_recipe("gan").override({CONDITION: "ten_classes:Ten", "model.condition.generator": "concatenate"})
    session = prepare(own, RunFolder(tmp_path / "run"))
    asked: list[int] = sys.modules["ten_classes"].ASKED
    asked.clear()
    assert session.diagnosis.facts.remedy("more_d_steps") is not None
    assert asked == [10]


@pytest.mark.parametrize(
    ("summary", "classes"), [({}, None), ({"data": {"classes": None}}, 0), ({"data": {"classes": ["a", "b"]}}, 2)]
)
def test_the_number_of_classes_is_read_from_a_summary(summary: dict[str, Any], classes: int | None) -> None:
    assert recorded_classes(summary) == classes


@pytest.mark.parametrize(
    ("network", "other", "accepted"),
    [("r3gan", "dcgan", False), ("dcgan", "r3gan", True), ("dcgan", "dcgan", True)],
)
def test_spectral_normalisation_is_offered_for_the_networks_that_take_it(
    network: str, other: str, accepted: bool
) -> None:
    recipe = Recipe.load("gan-digits").override(
        {"model.discriminator.network": network, "model.generator.network": other}
    )
    assert (start_diagnosis(recipe).facts.remedy("spectral") is not None) == accepted
    clipped = recipe.override({"model.constraints.discriminator": "clip"})
    assert (start_diagnosis(clipped).facts.remedy("replace_clipping") is not None) == accepted


def test_the_decoder_of_a_discriminator_of_reconstructions_counts_as_its_layers() -> None:
    recipe = Recipe.load("gan-digits").override(
        {"model.objective": "energy-margin", "model.discriminator.network": "dcgan", "model.generator.network": "r3gan"}
    )
    assert start_diagnosis(recipe).facts.remedy("spectral") is None


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_declare_whether_layers_begin_at_0(name: str) -> None:
    network = build(NetworkSettings(network=name, width=4), (1, 8, 8), (1,))
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)]
    assert any(not layer.weight.any() for layer in layers) == NETWORKS[name].zero_layers
