"""Steps of the escalation list change real settings and are never tried twice; unusual rates are corrected first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from saddlepoint.diagnosis.escalation import ESCALATION, OWN_REMEDY, UNUSUAL_RATES, add_remedy, next_remedy
from saddlepoint.diagnosis.optimiser_settings import RATE as SHARED
from saddlepoint.diagnosis.optimiser_settings import matching_names, own_name
from saddlepoint.diagnosis.remedies import changes_of
from saddlepoint.diagnosis.rules import RULES, generalisation
from saddlepoint.diagnosis.unusual_settings import unusual_settings
from saddlepoint.diagnosis.usual_rates import describe_unusual_rates, restore_usual_rates
from saddlepoint.recipe import Recipe, shipped_names
from saddlepoint.records import Finding

OVERFITTING = [rule.code for rule in RULES if rule.judge.__module__ == generalisation.__name__]
D_RATE, G_RATE = (own_name(role, "learning_rate") for role in ("discriminator", "generator"))
RECIPES = {
    "gan": Recipe.load("gan-digits"),
    "dcgan": Recipe.load("dcgan-digits"),
    "minimax": Recipe.load("toy-lab-1"),
    "vae": Recipe.load("vae-digits"),
    "autoencoder": Recipe.load("autoencoder-digits"),
    "vq-vae": Recipe.load("vq-vae-digits"),
    "flow": Recipe.load("flow-moons"),
    "diffusion": Recipe.load("diffusion-digits"),
    "classical": Recipe.load("mixture-digits"),
}


def finding(code: str, remedy: Mapping[str, Any] | None = None) -> Finding:
    return Finding(code, "failure", 100, "It fails.", remedy=remedy)


def settings(recipe: Recipe) -> dict[str, Any]:
    return {entry.name: value for entry, value in recipe.settings()}


def all_steps(recipe: Recipe, code: str) -> list[tuple[int, dict[str, Any]]]:
    """Return everything that is tried against a code, each step on top of those before."""
    tried: list[tuple[int, dict[str, Any]]] = []
    present = settings(recipe)
    while (following := next_remedy(finding(code), present, [step for step, _ in tried])) is not None:
        tried.append(following)
        present |= following[1]
        assert len(tried) < 20
    return tried


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipe_accepts_every_step_and_none_is_attempted_twice(name: str) -> None:
    recipe = RECIPES[name]
    accepted: list[dict[str, Any]] = []
    for code in ESCALATION:
        steps = all_steps(recipe, code)
        assert len({step for step, _ in steps}) == len(steps), code
        for _, changes in steps:
            if changes not in accepted:  # many codes have steps in common
                assert recipe.override(changes) != recipe, code
                accepted.append(changes)


@pytest.mark.parametrize("code", ESCALATION)
def test_steps_change_settings_that_exist(code: str) -> None:
    known = {name: value for recipe in RECIPES.values() for name, value in settings(recipe).items()}
    for step in ESCALATION[code]:
        assert {each for name in changes_of(step) for each in matching_names(name, known)} <= set(known)


def test_a_findings_own_remedy_comes_first() -> None:
    recipe = RECIPES["gan"]
    own = {"training.players.discriminator.learning_rate": 2e-5}
    assert next_remedy(finding("GAN101", own), settings(recipe)) == (0, own)
    for later in (
        next_remedy(finding("GAN101", own), settings(recipe), [0]),
        next_remedy(finding("GAN101", own), settings(recipe.override(own))),
    ):
        assert later is not None
        assert later[0] > 0


def test_a_finding_without_remedy_and_steps_has_none() -> None:
    assert next_remedy(finding("VAE202"), settings(RECIPES["vae"])) is None


def test_a_player_without_a_rate_of_its_own_starts_from_the_shared_one() -> None:
    recipe = RECIPES["gan"].override(
        {"training.optimiser.learning_rate": 1e-3, "training.players.discriminator.learning_rate": "none"}
    )
    following = next_remedy(finding("GAN107"), settings(recipe), [1, 2])
    assert following == (3, {"training.players.discriminator.learning_rate": pytest.approx(2.5e-4)})


def test_a_lowered_rate_is_limited() -> None:
    own = {"training.optimiser.learning_rate": 5.0}
    assert next_remedy(finding("NUM301"), own, [UNUSUAL_RATES]) == (1, {"training.optimiser.learning_rate": 1e-2})


def test_remedies_reach_players_of_any_role() -> None:
    own = {own_name(role, "learning_rate"): rate for role, rate in (("teacher", 1e-3), ("student", 2e-3))}
    present = {SHARED: 1e-3, "training.optimiser.name": "adam", **own}
    (_, changes) = next_remedy(finding("VAE201"), present) or (0, {})
    assert changes == {SHARED: 2.5e-4, **{name: rate / 4 for name, rate in own.items()}}
    too_high = own_name("student", "learning_rate")
    restored = restore_usual_rates("NUM301", {**present, too_high: 1.0})
    assert {restored[name] for name in own} == {None}
    found = unusual_settings({**present, too_high: 1e3})
    assert found is not None
    assert found.remedy == {too_high: None}


@pytest.mark.parametrize("setting", [SHARED, D_RATE, G_RATE])
@pytest.mark.parametrize(("low", "high"), [(9e-6, 0.02), (1e-9, 50.0)])
def test_a_shared_rate_explains_a_failure_in_one_direction_only(low: float, high: float, setting: str) -> None:
    lowest, highest = (RECIPES["gan"].override({setting: rate}) for rate in (low, high))
    present, usual = [settings(lowest), settings(highest)], settings(RECIPES["gan"].override({setting: 1e-3}))
    corrected: list[dict[str, Any]] = []
    for code in [*ESCALATION, "GAN109", "DATA402"]:
        unusual_rates = [restore_usual_rates(code, each) for each in present]
        assert restore_usual_rates(code, usual) == {}, code
        if setting == SHARED:
            assert not all(unusual_rates), code
        if code in ("GAN107", "GAN108", "GAN109", "DATA402", *OVERFITTING):  # not caused by a rate
            assert not any(unusual_rates), code
        corrected += [changes for changes in unusual_rates if changes and changes not in corrected]
    assert corrected
    for changes in corrected:
        rates = settings(lowest.override(changes))
        assert all(rates[rate] in (None, 1e-3) or rate == SHARED for rate in (D_RATE, G_RATE)), changes


@pytest.mark.parametrize(
    ("code", "setting", "rate", "is_unusual"),
    [
        ("NUM304", SHARED, 1e-9, True),
        ("NUM304", SHARED, 50.0, False),
        ("GAN106", SHARED, 5e-6, False),  # what runs away does not run at too low a rate
        ("GAN106", SHARED, 50.0, True),
        ("GAN106", D_RATE, 1e-7, True),  # but a generator outruns a discriminator that does not move
        ("GAN101", G_RATE, 1e-7, True),
        ("GAN104", D_RATE, 1e-7, True),
        ("GAN104", G_RATE, 1e-7, False),
        ("NUM301", SHARED, 1e-7, False),
    ],
)
def test_an_unusual_rate_is_corrected_where_the_failure_would_follow_from_it(
    code: str, setting: str, rate: float, is_unusual: bool
) -> None:
    unusual = settings(RECIPES["gan"].override({setting: rate}))
    step, changes = next_remedy(finding(code, {"model.penalties.r1.weight": 3.0}), unusual) or (None, {})
    assert (step == UNUSUAL_RATES) is is_unusual
    if is_unusual:
        assert changes[setting] == (1e-3 if setting == SHARED else None)


@pytest.mark.parametrize("name", shipped_names())
def test_no_rate_of_a_shipped_recipe_is_unusual(name: str) -> None:
    present = settings(Recipe.load(name))
    assert not any(restore_usual_rates(code, present) for code in ESCALATION)


@pytest.mark.parametrize(
    ("d", "g", "codes"),
    [
        (5e-3, 1e-4, {"GAN101", "GAN102", "GAN103"}),
        (1e-4, 5e-3, {"GAN103", "GAN104", "GAN105", "GAN106"}),
        (5e-3, None, set()),  # five times the rate of all
        (1e-3, 1e-4, set()),
    ],
)
def test_rates_far_apart_are_brought_together_where_the_failure_would_follow_from_them(
    d: float, g: float | None, codes: set[str]
) -> None:
    apart = settings(RECIPES["gan"].override({SHARED: 1e-3, D_RATE: d, G_RATE: g}))
    assert {code for code in ESCALATION if restore_usual_rates(code, apart)} == codes
    for code in codes:
        corrected = restore_usual_rates(code, apart)
        assert corrected[D_RATE] is None
        assert corrected[G_RATE] is None
        assert SHARED not in corrected
    for elsewhere in (1e-2, 1e-5) if codes else ():
        corrected = settings(RECIPES["gan"].override({SHARED: elsewhere, D_RATE: d, G_RATE: g}))
        corrected |= restore_usual_rates("GAN103", corrected)
        assert {corrected[D_RATE], corrected[G_RATE]} == {1e-4}, (
            "the shared rate is outside of both: the faster player gets the slower one's"
        )
    kinds = {**apart, "training.players.discriminator.name": "sgd"}
    assert not any(restore_usual_rates(code, kinds) for code in ESCALATION), "rates of other optimisers do not compare"


def test_rates_are_compared_with_the_corrected_optimiser() -> None:
    plain = {SHARED: 1.0, "training.optimiser.name": "sgd", D_RATE: 0.05, "training.players.discriminator.name": None}
    corrected = restore_usual_rates("GAN106", plain)  # 0.05 is usual for plain gradient descent, and not for Adam
    assert corrected[SHARED] == 1e-3
    assert corrected["training.optimiser.name"] == "adam"
    assert corrected[D_RATE] is None
    own = {SHARED: 1e-3, "training.optimiser.name": "adam", G_RATE: 10.0, "training.players.generator.name": "sgd"}
    corrected = restore_usual_rates("GAN106", own)
    assert corrected[G_RATE] is None
    assert corrected["training.players.generator.name"] is None


@pytest.mark.parametrize(("present", "wanted", "given"), [(5e-3, 0.02, 1e-2), (2e-5, 5e-6, 1e-5), (1e-2, 0.04, None)])
def test_a_remedy_does_not_make_a_rate_unusual(present: float, wanted: float, given: float | None) -> None:
    present_settings = settings(RECIPES["gan"].override({D_RATE: present}))
    following = next_remedy(finding("DATA402", {D_RATE: wanted}), present_settings)
    assert following == (None if given is None else (OWN_REMEDY, {D_RATE: given}))


def test_steps_do_not_make_a_rate_unusual() -> None:
    slow = settings(RECIPES["gan"].override({SHARED: 5e-5}))
    step, changes = next_remedy(finding("NUM301"), slow) or (None, {})
    assert step == 1
    assert changes[SHARED] == 1e-5
    assert restore_usual_rates("GAN106", {**slow, **changes}) == {}


def test_unusual_rates_come_before_the_rules_own_remedy() -> None:
    own = {SHARED: 2.5}
    unusual = add_remedy(finding("GAN106", own), settings(RECIPES["gan"].override({SHARED: 10.0})))
    assert unusual.remedy == {SHARED: 1e-3}
    assert unusual.advice.startswith(f"First of all, {SHARED} is 10, outside of the usual range 1e-05 to 0.01.")
    plain = settings(RECIPES["gan"].override({"model.penalties.r1": 0}))
    usual = add_remedy(finding("GAN106", {"model.penalties.r1.weight": 1.0}), plain)
    assert usual.remedy == {"model.penalties.r1.weight": 1.0}
    assert usual.advice == finding("GAN106").advice
    assert add_remedy(finding("GAN106"), settings(RECIPES["gan"])).remedy is None


@pytest.mark.parametrize(("family", "wanted"), [("gan", 0.5), ("vae", 0.9)])
@pytest.mark.parametrize(("first", "is_unusual"), [(0.9, False), (0.95, False), (0.99, True)])
def test_unusual_momentum_is_corrected(first: float, is_unusual: bool, family: str, wanted: float) -> None:
    for name, present, corrected in (
        ("training.optimiser.betas", [first, 0.98], [wanted, 0.98]),
        ("training.optimiser.momentum", first, wanted),
    ):
        used = {**settings(RECIPES[family]), name: present}
        assert restore_usual_rates("NUM302", used) == ({name: corrected} if is_unusual else {})
        assert bool(describe_unusual_rates(restore_usual_rates("NUM302", used), used)) == is_unusual
        assert restore_usual_rates("NUM304", used) == {}, "momentum does not stall learning"


def test_an_unusual_rate_of_sgd_is_corrected_by_adam() -> None:
    shared, optimiser = "training.optimiser.learning_rate", "training.optimiser.name"
    unusual = {shared: 30.0, optimiser: "sgd"}
    assert next_remedy(finding("NUM301"), unusual) == (UNUSUAL_RATES, {shared: 1e-3, optimiser: "adam"})
    assert (next_remedy(finding("NUM301"), {shared: 0.05, optimiser: "sgd"}) or (UNUSUAL_RATES, {}))[0] > OWN_REMEDY


@pytest.mark.parametrize("rate", [1e-6, 1e-3, 2e-3, 9e-3, 0.01, 1.0])
def test_a_step_that_raises_a_rate_never_lowers_it(rate: float) -> None:
    name = "training.optimiser.learning_rate"
    following = next_remedy(finding("NUM304"), {name: rate}, [UNUSUAL_RATES])
    assert (following is None) == (rate >= 0.01)
    assert following is None or following[1][name] > rate


@pytest.mark.parametrize("code", ["GAN101", "GAN104", "GAN106"])
def test_a_mistake_in_the_objective_has_no_steps(code: str) -> None:
    mistake = Finding(code, "failure", 0, "Swapped.", {"preflight": True})
    assert next_remedy(finding(code), settings(RECIPES["minimax"])) is not None
    assert next_remedy(mistake, settings(RECIPES["minimax"])) is None


@pytest.mark.parametrize(("present", "step"), [("minimax", 1), ("non-saturating", None), ("feature-matching", None)])
def test_a_step_is_left_out_where_it_does_not_apply(present: str, step: int | None) -> None:
    following = next_remedy(finding("GAN102"), {"model.objective": present}, range(2, 9))
    assert (following[0] if following else None) == step


@pytest.mark.parametrize(("present", "wanted"), [(0.0, 0.99), (0.9, 0.99), (0.99, None), (0.999, None)])
def test_weights_of_circling_players_are_averaged_with_every_step(present: float, wanted: float | None) -> None:
    betas = "training.optimiser.betas"
    circling = settings(RECIPES["gan"].override({"training.ema": present, betas: (0.9, 0.95)}))
    tried: list[int] = []
    while (
        following := next_remedy(finding("GAN105", {"model.penalties.r1.weight": 2.0}), circling, tried)
    ) is not None:
        assert following[1].get("training.ema") == wanted
        assert following[1][betas][0] <= 0.5
        assert following[1].keys() - {"training.ema", betas} or following[1][betas] == [0.0, 0.95]
        tried.append(following[0])
    assert len(tried) > 3
    calm = settings(RECIPES["gan"].override({"training.ema": 0.99, betas: (0.3, 0.9)}))
    assert next_remedy(finding("GAN105", {"model.penalties.r1.weight": 2.0}), calm) == (
        OWN_REMEDY,
        {"model.penalties.r1.weight": 2.0},
    )


@pytest.mark.parametrize(
    ("generator", "discriminator"), [("relu", "leaky_relu"), ("leaky_relu", "relu"), ("relu", "relu")]
)
def test_rectifiers_become_leaky_in_every_network_that_has_them(generator: str, discriminator: str) -> None:
    present = {"model.generator.activation": generator, "model.discriminator.activation": discriminator}
    found = next_remedy(finding("NUM303"), present)
    assert found == (1, {name: "leaky_relu" for name, value in present.items() if value == "relu"})
