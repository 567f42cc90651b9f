"""Remedies are defined once; rules and the escalation list name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import saddlepoint.diagnosis
from saddlepoint.diagnosis import Facts
from saddlepoint.diagnosis.changes import (
    AtLeast,
    AtMost,
    FollowOther,
    MomentumAtMost,
    Multiply,
    Replace,
    ReplaceOnly,
    apply_changes,
)
from saddlepoint.diagnosis.escalation import ALWAYS_WITH, ESCALATION
from saddlepoint.diagnosis.optimiser_settings import RATE, matching_names, own_name
from saddlepoint.diagnosis.ranges import OPTIMISER_RANGES, RANGES, usual_value
from saddlepoint.diagnosis.remedies import REMEDIES, advice, changes_of
from saddlepoint.diagnosis.settings import CODES
from saddlepoint.recipe import Recipe, shipped_names

SOURCE = Path(saddlepoint.diagnosis.__file__).parent
CHECKS = [
    SOURCE / "unusual_settings.py",
    SOURCE / "unlimited_scores.py",
    SOURCE.parent / "data" / "preflight.py",
    *(SOURCE.parent / "experiment" / "objective_checks").glob("*.py"),
]
USERS = [*(SOURCE / "rules").glob("*.py"), SOURCE / "escalation.py", *CHECKS]
D_RATE, G_RATE = (own_name(role, "learning_rate") for role in ("discriminator", "generator"))
ESCALATED = {name for steps in (*ESCALATION.values(), ALWAYS_WITH.values()) for step in steps for name in step}


def test_every_remedy_is_used_and_every_used_one_exists() -> None:
    text = "\n".join(path.read_text("utf-8") for path in USERS)
    assert set(REMEDIES) >= ESCALATED
    assert {name for name in REMEDIES if not re.search(rf"['\"]{name}['\"]", text)} == set()
    assert {*ESCALATION, *ALWAYS_WITH} <= set(CODES)


def test_no_two_remedies_change_the_same_settings_alike() -> None:
    changing = {name: remedy.changes for name, remedy in REMEDIES.items() if remedy.changes}
    for name, changes in changing.items():
        assert [other for other, same in changing.items() if same == changes] == [name]


def test_every_changed_setting_exists() -> None:
    known = {entry.name: None for name in shipped_names() for entry, _ in Recipe.load(name).settings()}
    changed = {name for remedy in REMEDIES.values() if isinstance(remedy.changes, Mapping) for name in remedy.changes}
    assert {each for name in changed for each in matching_names(name, known)} <= set(known)


@pytest.mark.parametrize("name", REMEDIES)
def test_advice_is_a_clause_in_the_imperative(name: str) -> None:
    clause = REMEDIES[name].advice
    assert re.match(r"[a-z]+ ", clause)
    assert not clause.endswith(".")


def test_advice_names_settings_by_their_full_names() -> None:
    """A section or a setting; an entry of an open section counts as one."""
    settings = {entry.name for name in shipped_names() for entry, _ in Recipe.load(name).settings()}
    settings |= {name.rpartition(".")[0] for name in settings}
    for remedy in REMEDIES.values():
        assert set(re.findall(r"`([^`]+)`", remedy.advice)) <= settings


def test_several_remedies_make_one_sentence() -> None:
    assert advice("slower") == "Lower the learning rates."
    assert advice("slower", "clip") == "Lower the learning rates, or clip the gradients."
    assert advice("slower", "clip", "full_precision") == (
        "Lower the learning rates, clip the gradients, or train in fp32."
    )


@pytest.mark.parametrize("name", [*RANGES, *(f"training.optimiser.{key}" for key in OPTIMISER_RANGES)])
def test_a_usual_value_is_not_unusual(name: str) -> None:
    usual = (RANGES | {f"training.optimiser.{key}": usual for key, usual in OPTIMISER_RANGES.items()})[name]
    assert usual.least <= usual_value(name) <= usual.most


def test_without_a_recipe_there_is_no_remedy() -> None:
    assert Facts().remedy(*REMEDIES) is None


def test_the_first_remedy_that_changes_something_counts() -> None:
    run = Facts(settings={"model.penalties.r1.weight": 1.0, "model.discriminator.packing": 1, "model.latent": 8})
    assert run.remedy("r1_penalty", "packing") == {"model.discriminator.packing": 2}
    assert run.remedy("smaller_code", "packing", latent=5) == {"model.latent": 5}
    assert run.remedy("smaller_code", "packing") == {"model.discriminator.packing": 2}, "what is not given is left out"
    assert run.remedy(("packing", "smaller_code"), latent=5) == {"model.discriminator.packing": 2, "model.latent": 5}
    assert changes_of(("packing", "r1_penalty")).keys() == {"model.discriminator.packing", "model.penalties.r1.weight"}


positive = st.floats(1e-9, 1e3)


@given(positive, st.sampled_from([0.1, 0.25, 4.0, 10.0]))
def test_a_factor_moves_a_rate_in_its_own_direction_and_within_its_bounds(rate: float, factor: float) -> None:
    changed = apply_changes({RATE: Multiply(factor, least=1e-4, most=1e-2)}, {RATE: rate})
    assert all(1e-4 <= value <= 1e-2 and (value > rate) == (factor > 1) for value in changed.values())


@given(positive, positive)
def test_bounds_are_bounds(present: float, bound: float) -> None:
    assert apply_changes({"a": AtLeast(bound)}, {"a": present}).get("a", present) == max(present, bound)
    assert apply_changes({"a": AtMost(bound)}, {"a": present}).get("a", present) == min(present, bound)


def test_a_replacement_for_certain_values_leaves_others() -> None:
    changes = {"a": Replace(("x",), "y"), "b": 1}
    assert apply_changes(changes, {"a": "x", "b": 0}) == {"a": "y", "b": 1}
    assert apply_changes(changes, {"a": "z", "b": 0}) == {"b": 1}
    only = {"a": ReplaceOnly(("x",), "y"), "b": 1}
    assert apply_changes(only, {"a": "x", "b": 0}) == {"a": "y", "b": 1}
    assert apply_changes(only, {"a": "y", "b": 0}) == {"b": 1}
    assert apply_changes(only, {"a": "z", "b": 0}) == {}


def test_momentum_is_lowered_where_the_optimiser_has_it() -> None:
    betas = "training.optimiser.betas"
    lower = {betas: MomentumAtMost(0.5)}
    assert apply_changes(lower, {betas: [0.9, 0.99]}) == {betas: [0.5, 0.99]}
    assert apply_changes(lower, {betas: [0.3, 0.99]}) == {}
    assert apply_changes(lower, {betas: [0.9, 0.99], "training.optimiser.name": "sgd"}) == {}


@pytest.mark.parametrize(("d", "changed"), [(1e-3, {D_RATE: 1e-4}), (3e-4, {}), (None, {D_RATE: 1e-4})])
def test_a_rate_far_from_the_other_players_follows_it(d: float | None, changed: dict[str, float]) -> None:
    settings = {RATE: 1e-3, D_RATE: d, G_RATE: 1e-4}
    assert apply_changes({D_RATE: FollowOther(G_RATE, 4.0)}, settings) == changed
    assert apply_changes({D_RATE: FollowOther(G_RATE, 4.0, below=True)}, settings) == {}
