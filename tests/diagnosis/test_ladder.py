"""A ladder's rungs name real settings, change something, and are never tried twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from saddlepoint.diagnosis.ladder import LADDERS, OWN, SLIP, next_remedy
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding

RECIPES = {
    "gan": Recipe.load("gan-digits"),
    "dcgan": Recipe.load("dcgan-digits"),
    "minimax": Recipe.load("toy-lab-1"),
    "vae": Recipe.load("vae-digits"),
    "autoencoder": Recipe.load("autoencoder-digits"),
}


def finding(code: str, remedy: Mapping[str, Any] | None = None) -> Finding:
    return Finding(code, "failure", 100, "It fails.", remedy=remedy)


def settings(recipe: Recipe) -> dict[str, Any]:
    return {entry.name: value for entry, value in recipe.settings()}


def climbed(recipe: Recipe, code: str) -> list[tuple[int, dict[str, Any]]]:
    """All that is tried against a code, one after the other, each on top of those before."""
    tried: list[tuple[int, dict[str, Any]]] = []
    present = settings(recipe)
    while (following := next_remedy(finding(code), present, [rung for rung, _ in tried])) is not None:
        tried.append(following)
        present |= following[1]
        assert len(tried) < 20
    return tried


@pytest.mark.parametrize("code", LADDERS)
@pytest.mark.parametrize("name", RECIPES)
def test_every_rung_is_a_change_that_the_recipe_takes(name: str, code: str) -> None:
    recipe = RECIPES[name]
    for _, changes in climbed(recipe, code):
        assert recipe.override(changes) != recipe


@pytest.mark.parametrize("code", LADDERS)
def test_rungs_name_settings_that_exist(code: str) -> None:
    known = {name for recipe in RECIPES.values() for name in settings(recipe)}
    for rung in LADDERS[code]:
        assert set(rung) <= known


@pytest.mark.parametrize("code", LADDERS)
@pytest.mark.parametrize("name", RECIPES)
def test_no_change_is_tried_twice(name: str, code: str) -> None:
    rungs = [rung for rung, _ in climbed(RECIPES[name], code)]
    assert len(set(rungs)) == len(rungs)


def test_a_findings_own_remedy_comes_first() -> None:
    recipe = RECIPES["gan"]
    own = {"training.discriminator.learning_rate": 2e-5}
    assert next_remedy(finding("GAN101", own), settings(recipe)) == (0, own)
    for later in (
        next_remedy(finding("GAN101", own), settings(recipe), [0]),
        next_remedy(finding("GAN101", own), settings(recipe.override(own))),
    ):
        assert later is not None
        assert later[0] > 0


def test_a_code_without_a_ladder_and_a_remedy_has_none() -> None:
    assert next_remedy(finding("VAE202"), settings(RECIPES["vae"])) is None


def test_a_player_without_a_rate_of_its_own_starts_from_the_rate_of_all() -> None:
    recipe = RECIPES["gan"].override(
        {"training.optimiser.learning_rate": 1e-3, "training.discriminator.learning_rate": "none"}
    )
    following = next_remedy(finding("GAN107"), settings(recipe), [1, 2])
    assert following == (3, {"training.discriminator.learning_rate": pytest.approx(2.5e-4)})


def test_a_rate_keeps_within_its_bounds() -> None:
    own = {"training.optimiser.learning_rate": 5.0}
    assert next_remedy(finding("NUM301"), own, [SLIP]) == (1, {"training.optimiser.learning_rate": 1e-2})


@pytest.mark.parametrize("code", LADDERS)
@pytest.mark.parametrize("name", ["gan", "vae"])
@pytest.mark.parametrize("rate", [1e-9, 9e-6, 4e-3, 50.0])
def test_a_rate_that_nobody_uses_is_the_first_suspect(rate: float, name: str, code: str) -> None:
    shared, own = "training.optimiser.learning_rate", "training.generator.learning_rate"
    slipped = settings(RECIPES[name].override({shared: rate}))
    rung, changes = next_remedy(finding(code, {shared: 1.0}), slipped) or (None, {})
    assert rung == SLIP
    mended = RECIPES[name].override({shared: rate}).override(changes)
    assert (next_remedy(finding(code), settings(mended)) or (1, {}))[0] > OWN
    if name == "gan":  # a player's own rate follows that of all again
        slipped = settings(RECIPES[name].override({own: rate}))
        assert next_remedy(finding(code, {shared: 1.0}), slipped) == (SLIP, {own: None})
        other = "training.discriminator.learning_rate"  # and so does the other player's, which went with it
        assert next_remedy(finding(code), {**slipped, other: 1e-3}) == (SLIP, {other: None, own: None})


@pytest.mark.parametrize(("present", "wanted", "given"), [(1e-3, 4e-3, 3e-3), (2e-5, 5e-6, 1e-5), (3e-3, 0.012, None)])
def test_a_remedy_does_not_lead_to_a_rate_that_nobody_uses(present: float, wanted: float, given: float | None) -> None:
    own = "training.discriminator.learning_rate"
    present_settings = settings(RECIPES["gan"].override({own: present}))
    following = next_remedy(finding("DATA402", {own: wanted}), present_settings)
    assert following == (None if given is None else (OWN, {own: given}))


def test_a_slip_of_plain_gradient_descent_is_mended_by_adam() -> None:
    shared, optimiser = "training.optimiser.learning_rate", "training.optimiser.name"
    slipped = {shared: 30.0, optimiser: "sgd"}
    assert next_remedy(finding("NUM301"), slipped) == (SLIP, {shared: 1e-3, optimiser: "adam"})
    assert (next_remedy(finding("NUM301"), {shared: 0.05, optimiser: "sgd"}) or (SLIP, {}))[0] > OWN


@pytest.mark.parametrize("rate", [1e-6, 1e-3, 2e-3, 3e-3, 0.03, 1.0])
def test_what_is_to_raise_a_rate_never_lowers_it(rate: float) -> None:
    name = "training.optimiser.learning_rate"
    following = next_remedy(finding("NUM304"), {name: rate}, [SLIP])
    assert (following is None) == (rate >= 3e-3)
    assert following is None or following[1][name] > rate


@pytest.mark.parametrize("code", ["GAN101", "GAN104", "GAN106"])
def test_a_mistake_in_the_objective_has_no_ladder(code: str) -> None:
    mistake = Finding(code, "failure", 0, "Swapped.", {"preflight": True})
    assert next_remedy(finding(code), settings(RECIPES["minimax"])) is not None
    assert next_remedy(mistake, settings(RECIPES["minimax"])) is None


@pytest.mark.parametrize(("present", "rung"), [("minimax", 1), ("non-saturating", None), ("feature-matching", None)])
def test_a_rung_is_left_out_where_it_is_not_meant(present: str, rung: int | None) -> None:
    following = next_remedy(finding("GAN102"), {"model.objective": present}, range(2, 9))
    assert (following[0] if following else None) == rung


@pytest.mark.parametrize(("present", "wanted"), [(0.0, 0.99), (0.9, 0.99), (0.99, None), (0.999, None)])
def test_what_circles_is_averaged_whatever_else_is_done(present: float, wanted: float | None) -> None:
    betas = "training.optimiser.betas"
    circling = settings(RECIPES["gan"].override({"training.ema": present, betas: (0.9, 0.95)}))
    tried: list[int] = []
    while (following := next_remedy(finding("GAN105", {"model.r1": 2.0}), circling, tried)) is not None:
        assert following[1].get("training.ema") == wanted
        assert following[1][betas][0] <= 0.5
        assert following[1].keys() - {"training.ema", betas} or following[1][betas] == [0.0, 0.95]
        tried.append(following[0])
    assert len(tried) > 3
    calm = settings(RECIPES["gan"].override({"training.ema": 0.99, betas: (0.3, 0.9)}))
    assert next_remedy(finding("GAN105", {"model.r1": 2.0}), calm) == (OWN, {"model.r1": 2.0})


@pytest.mark.parametrize(
    ("generator", "discriminator"), [("relu", "leaky_relu"), ("leaky_relu", "relu"), ("relu", "relu")]
)
def test_dead_units_are_made_leaky_in_whichever_player_has_them(generator: str, discriminator: str) -> None:
    present = {"model.generator.activation": generator, "model.discriminator.activation": discriminator}
    found = next_remedy(finding("NUM303"), present)
    assert found == (1, {name: "leaky_relu" for name, value in present.items() if value == "relu"})
